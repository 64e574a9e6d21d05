import { type DiskRoom, diskRoomOf } from "@dorian/protocol/convention/disk-room";
import { formatBytes } from "../../format-bytes.ts";

/** What a worker's disk has left, as JSON shows it. */
export interface DiskState {
  directory: string;
  freeBytes: number;
  reserveBytes: number;
  /** Null where the file system counts none. */
  freeFiles: number | null;
  reserveFiles: number;
  /** "bytes" or "files" when there is too little to take on more, else null. */
  lack: "bytes" | "files" | null;
}

export function diskStateOf(message: DiskRoom): DiskState {
  const { directory, free, reserve, lack } = diskRoomOf(message);
  return {
    directory,
    freeBytes: free.bytes,
    reserveBytes: reserve.bytes,
    freeFiles: Number.isFinite(free.files) ? free.files : null,
    reserveFiles: reserve.files,
    lack: lack ?? null,
  };
}

export function diskText(disk: DiskState | undefined): string {
  if (!disk) return "";
  if (disk.lack === "files") return `full: ${disk.freeFiles} files left of ${disk.reserveFiles} kept`;
  const free = `${formatBytes(disk.freeBytes)} free`;
  return disk.lack ? `full: ${free} of ${formatBytes(disk.reserveBytes)} kept` : free;
}
