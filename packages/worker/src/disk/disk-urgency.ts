import { soonestMs, type Space } from "@dorian/storage/free-space";

/** Part of the disk that containers do not get, and the least and the most that it comes to. */
const floorPart = 0.05;
const leastFloorBytes = 64 * 1024 * 1024;
const mostFloorBytes = 4 * 1024 ** 3;

/** Part of the floor below which nobody goes on writing while it is found out who has to end. */
const criticalPart = 0.5;
/** Part of the floor that has to be written anew for that: a disk that others filled and nobody fills further holds nobody up. */
const risingPart = 1 / 32;

/** How often the file system is asked what is left: one system call. */
const mostPauseMs = 250;
/** A look takes its way through the thread pool; oftener than this it would be work. */
const leastPauseMs = 20;

/**
 * - `short`: somebody has to end
 * - `critical`: and until then nobody may write
 */
export type DiskUrgency = "none" | "short" | "critical";

/** What is to remain of a disk of this size, whatever containers write. */
export function diskFloor(size: Space): Space {
  return {
    bytes: Math.min(Math.max(size.bytes * floorPart, leastFloorBytes), mostFloorBytes),
    files: Number.isFinite(size.files) ? size.files * floorPart : 0,
  };
}

/** Judges how urgent it is to look for who fills the disk: by what is left, and what was written since the last look. */
export function diskUrgency(free: Space, written: Space, floor: Space): DiskUrgency {
  const units = ["bytes", "files"] as const;
  const isCritical = units.some(
    (unit) => free[unit] < floor[unit] * criticalPart && written[unit] > floor[unit] * risingPart,
  );
  if (isCritical) return "critical";
  return units.some((unit) => free[unit] < floor[unit]) ? "short" : "none";
}

/** Milliseconds until the next look: too few for the fastest writers to get from here to where it is critical. */
export function pauseBeforeLook(free: Space, floor: Space): number {
  const critical = { bytes: floor.bytes * criticalPart, files: floor.files * criticalPart };
  return Math.min(Math.max(soonestMs(free, critical), leastPauseMs), mostPauseMs);
}
