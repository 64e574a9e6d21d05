import { AppError } from "@dorian/base/app-error";
import type { Space } from "@dorian/storage/free-space";

/** What one container or build holds on the disk, and may hold. */
export interface DiskUser {
  id: string;
  used: Space;
  limit: Space;
}

/** An ending gives back what is lacking only when it is no trifle. */
const leastPartOfFloor = 0.25;

/**
 * Who has to end: whoever holds more than it may, and, when less than `floor` is left of the disk, the one that holds
 * most, if that helps. Others' files, of whom nobody here knows, are not made up for.
 */
export function diskVerdicts(users: readonly DiskUser[], free: Space, floor: Space): Map<string, AppError> {
  const ended = new Map<string, AppError>();
  for (const { id, used, limit } of users) {
    if (used.bytes > limit.bytes)
      ended.set(id, overLimit(`${mebibytes(used.bytes)} MiB`, `${mebibytes(limit.bytes)} MiB`));
    else if (used.files > limit.files)
      ended.set(id, overLimit(`${used.files} files`, `${limit.files} files`));
  }
  if (ended.size > 0) return ended;
  for (const unit of ["bytes", "files"] as const) {
    const lacking = floor[unit] - free[unit];
    const largest = users.toSorted((a, b) => b.used[unit] - a.used[unit])[0];
    if (lacking <= 0 || !largest || largest.used[unit] < Math.max(lacking, floor[unit] * leastPartOfFloor))
      continue;
    ended.set(largest.id, diskShort(largest.used, unit));
    break;
  }
  return ended;
}

function overLimit(used: string, limit: string): AppError {
  return new AppError(
    "DISK_LIMIT_REACHED",
    `More was written to the disk than may be: ${used}, with a limit of ${limit}.`,
    {
      remedy:
        "Write less outside of volumes, ask for more with `ephemeralDisk`, or raise --container-disk of the worker.",
    },
  );
}

function diskShort(used: Space, unit: "bytes" | "files"): AppError {
  const holds = unit === "bytes" ? `${mebibytes(used.bytes)} MiB` : `${used.files} files`;
  return new AppError(
    "DISK_SHORT",
    `The disk of the worker was nearly full, and most was held here: ${holds}.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Write less outside of volumes, or free space on the file system of the data directory (`df`).",
    },
  );
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}
