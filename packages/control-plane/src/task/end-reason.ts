import type { TaskExited } from "@dorian/protocol/worker";

export interface ContainerMemory {
  reservedMb: number;
  /** What it may take at most; 0 for as much as the machine has. */
  limitMb: number;
}

/** What happened to a container, for people. */
export function endReason(
  exited: Pick<TaskExited, "exitCode" | "signal" | "outOfMemory" | "failure">,
  { reservedMb, limitMb }: ContainerMemory,
): string {
  if (exited.failure && exited.failure.exception !== "") return exited.failure.exception;
  if (exited.outOfMemory) {
    const amount = limitMb > 0 ? `its limit is ${limitMb} MiB` : `it reserved ${reservedMb} MiB`;
    return `The container ran out of memory: ${amount}. Ask for more with \`memory\`.`;
  }
  if (exited.signal !== "") return `The container was ended by ${exited.signal}.`;
  return `The container exited with code ${exited.exitCode}.`;
}
