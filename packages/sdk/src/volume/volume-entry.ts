import { FileEntry_FileType as Wire } from "@dorian/protocol/modal";
import { callOptions } from "../client/wait-options.ts";
import type { VolumeWire } from "./volume-wire.ts";

/** A file, directory or other thing in a volume. */
export interface VolumeEntry {
  /** From the volume's root, without a slash in front. */
  path: string;
  /** What it is; "other" for devices and what a newer server may know. */
  type: "file" | "directory" | "symlink" | "fifo" | "socket" | "other";
  /** Bytes. */
  size: number;
  /** To the second. */
  modifiedAt: Date;
}

const types: Record<Wire, VolumeEntry["type"]> = {
  [Wire.UNSPECIFIED]: "other",
  [Wire.FILE]: "file",
  [Wire.DIRECTORY]: "directory",
  [Wire.SYMLINK]: "symlink",
  [Wire.FIFO]: "fifo",
  [Wire.SOCKET]: "socket",
};

/** What a directory of a volume holds; for the path of a file, that file. */
export async function* listEntries(
  { modal, volumeId }: VolumeWire,
  path: string,
  options: { recursive?: boolean | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<VolumeEntry> {
  const { recursive = false, signal } = options;
  for await (const { entries } of modal.volumeListFiles2(
    { volumeId, path, recursive },
    callOptions(signal),
  )) {
    for (const entry of entries) {
      yield {
        path: entry.path,
        type: types[entry.type] ?? "other",
        size: Number(entry.size),
        modifiedAt: new Date(Number(entry.mtime) * 1000),
      };
    }
  }
}
