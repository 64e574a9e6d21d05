import { AppError, messageOf } from "@dorian/base/app-error";

/** SQLite's codes for a full disk, a failing one, and one that cannot be written to. */
const storageCodes = new Set([8, 10, 13, 14]);

const fullCode = 13;

/** Content that makes no sense, and no database at all. */
const damageCodes = new Set([11, 26]);

/** True for what SQLite says of a disk that is full, fails, or cannot be written to. */
export function isStorageError(error: unknown): boolean {
  return storageCodes.has(codeOf(error) ?? -1);
}

/** True when the disk has no room for a write. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === fullCode;
}

/** True for a file that is not what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return damageCodes.has(codeOf(error) ?? -1);
}

/** A transaction of which nobody knows whether the disk has it. */
export class UnknownOutcome extends Error {
  override readonly name = "UnknownOutcome";

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** A process's last word when what it believes and what the disk holds may differ. */
export function outcomeUnknown(cause: unknown): AppError {
  return new AppError(
    "DATABASE_OUTCOME_UNKNOWN",
    `The disk failed while the database was written: ${messageOf(cause)}. Nobody knows whether it holds the last changes, so this process ends; the next one reads what is there.`,
    {
      status: "INTERNAL",
      remedy:
        "Look at the kernel's log (`dmesg`) and at the health of the data directory's disk. Calls that were accepted go on with the next start.",
      cause,
    },
  );
}

/** A process's last word when its database's file was moved, removed or replaced under it. */
export function databaseMoved(path: string): AppError {
  return new AppError(
    "DATABASE_MOVED",
    `${path} is not the file that this server has opened: it was moved, removed or replaced. What would be written from now on would be lost, so this process ends; the next one reads what is there now.`,
    {
      status: "INTERNAL",
      remedy:
        "Put the file back: it holds all that was accepted until a moment ago. To restore a copy, stop Dorian first.",
    },
  );
}

/** For a data directory whose database was taken away: with an empty one in its place all else in it would be nobody's, and be removed. */
export function databaseMissing(path: string): AppError {
  return new AppError(
    "DATABASE_MISSING",
    `${path} is not there, beside files of a server that has run here.`,
    {
      status: "FAILED_PRECONDITION",
      remedy:
        "Put it back, or restore all of the data directory from a copy. To begin anew, move all of the data directory away.",
    },
  );
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** What to tell callers of such an error. */
export function writeFailed(cause: unknown): AppError {
  // Asking again does not help then: unlike the other failures, it is not said to be over soon.
  if (isFull(cause)) {
    return new AppError("STORAGE_FULL", "The disk is full: the database could not be written.", {
      status: "RESOURCE_EXHAUSTED",
      remedy:
        "Free space on the file system of the data directory, or move it to a larger one. Nothing was changed; then try again.",
      cause,
    });
  }
  return new AppError("DATABASE_WRITE_FAILED", `The database could not be written: ${messageOf(cause)}.`, {
    status: "UNAVAILABLE",
    remedy: "Check the free space of the data directory's disk, then try again.",
    cause,
  });
}

/** Makes the error for content of the database that makes no sense; `what` is a sentence without its full stop. */
export function damaged(what: string, cause: unknown): AppError {
  return new AppError("DATABASE_DAMAGED", `${what}: ${messageOf(cause)}.`, {
    remedy:
      "Look at the health of its disk, and restore it from a copy, together with the files beside it whose names begin with its own. To begin anew, move all of the data directory away.",
    cause,
  });
}
