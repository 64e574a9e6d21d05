import { join } from "node:path";
import type { OverlayOptions } from "@dorian/linux/overlay-options";
import type { Identities } from "./upper-copy.ts";
import type { WritableDirectory } from "./writable-directory.ts";

/** What the users of a mounted volume see. */
export interface VolumeView {
  /** The version below the writable directory: its layers, lowest first. */
  layerIds: string[];
  /** The directories of these layers that are mounted, lowest first. */
  lower: string[];
  writable: WritableDirectory;
  /** The overlay's device. */
  device: string;
  /** What commits copied, instead of freezing it, since the mount was last swapped. */
  copied: Copied;
  /** Files in the writable directory, by path, with the inode that a writer opened through an earlier mount. */
  written: ReadonlyMap<string, number>;
}

/** The layers of copies, oldest first, and what the newest of them holds. */
export interface Copied {
  layerIds: string[];
  identities: Identities;
}

export const nothingCopied: Copied = { layerIds: [], identities: new Map() };

export function overlayOptions(
  { scratch, readOnly }: { scratch: string; readOnly?: boolean },
  lower: readonly string[],
  writable: WritableDirectory,
): OverlayOptions {
  // An overlay needs at least one lower directory, or two when nothing can be written, and an empty volume has none.
  if (readOnly) return { lower: [join(scratch, "void"), join(scratch, "empty"), ...lower] };
  return {
    lower: [join(scratch, "empty"), ...lower],
    upper: writable.upper,
    work: writable.work,
    redirectDirectories: true,
  };
}
