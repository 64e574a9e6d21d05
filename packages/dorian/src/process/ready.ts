import { AppError, messageOf } from "@dorian/base/app-error";
import { closeSync, writeSync } from "node:fs";

/** What a process that has become ready tells the one that started it. */
export interface Readiness {
  /** Absent for a worker alone. */
  url?: string;
  dataDirectory: string;
  pid: number;
}

/** Writes one JSON line on a descriptor that was inherited, and closes it. */
export function writeReadiness(descriptor: number, readiness: Readiness): void {
  try {
    writeSync(descriptor, `${JSON.stringify(readiness)}\n`);
    closeSync(descriptor);
  } catch (error) {
    throw new AppError(
      "READY_DESCRIPTOR_UNUSABLE",
      `Cannot write to descriptor ${descriptor}: ${messageOf(error)}.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Pass --ready-fd only with a descriptor that is open for writing in this process.",
        cause: error,
      },
    );
  }
}
