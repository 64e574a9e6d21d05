import type { TaskExited } from "@dorian/protocol/worker";

/** What happened to a container, for people. */
export function endReason(
  exited: Pick<
    TaskExited,
    "exitCode" | "signal" | "outOfMemory" | "memoryLimitMb" | "failure" | "ownSignal" | "heapFull"
  >,
): string {
  if (exited.failure && exited.failure.exception !== "") return exited.failure.exception;
  if (exited.outOfMemory) {
    return exited.memoryLimitMb > 0
      ? `The container ran out of memory: its limit is ${exited.memoryLimitMb} MiB. Ask for more with \`memory\`.`
      : "The container was ended because all containers of its worker together had used the memory that they may use. Ask for what it needs with `memory`, so that it starts where there is room, or give the worker more with --memory.";
  }
  if (exited.heapFull && exited.signal === "SIGABRT")
    return 'The container ran out of JavaScript heap and was ended by SIGABRT. Give it more with `env: { NODE_OPTIONS: "--max-old-space-size=…" }` (MiB), and `memory` to match.';
  if (exited.ownSignal !== "")
    return `The container was ended by ${exited.ownSignal}, which its own code sent.`;
  if (exited.signal !== "") return `The container was ended by ${exited.signal}.`;
  return `The container exited with code ${exited.exitCode}.`;
}
