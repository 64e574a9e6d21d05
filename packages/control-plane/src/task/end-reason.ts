import type { TaskExited } from "@dorian/protocol/worker";

/** What happened to a container, for people. */
export function endReason(
  exited: Pick<TaskExited, "exitCode" | "signal" | "outOfMemory" | "failure">,
  memoryMb: number,
): string {
  if (exited.failure && exited.failure.exception !== "") return exited.failure.exception;
  if (exited.outOfMemory) {
    return `The container ran out of memory: it reserved ${memoryMb} MiB. Ask for more with \`memory\`.`;
  }
  if (exited.signal !== "") return `The container was ended by ${exited.signal}.`;
  return `The container exited with code ${exited.exitCode}.`;
}
