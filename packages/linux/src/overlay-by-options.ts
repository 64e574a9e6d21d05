import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { check, libc, syscallNumber } from "./libc.ts";
import type { OverlayOptions } from "./overlay-options.ts";

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MNT_DETACH = 2;
const AT_FDCWD = -100;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;

/** The kernel takes a page of options, its closing zero included. */
const maxOptionsLength = 4095;

/**
 * An overlay that is not mounted anywhere, for kernels before 6.7: they take the lower directories only as one string.
 * Returns a descriptor of the mount.
 */
export function openOverlayByOptions(options: OverlayOptions): number {
  const text = optionsText(options);
  const flags = MS_NOSUID | MS_NODEV | (options.upper === undefined ? MS_RDONLY : 0);
  const place = mkdtempSync(join(tmpdir(), "dorian-overlay-"));
  try {
    check(libc.mount("dorian", place, "overlay", flags, text), "overlay mount");
    try {
      return check(
        libc.openTree(syscallNumber.openTree, AT_FDCWD, place, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
        "open_tree",
      );
    } finally {
      check(libc.umount2(place, MNT_DETACH), `unmount of ${place}`);
    }
  } finally {
    rmdirSync(place);
  }
}

/** Mount options of an overlay, as the kernel parses them. Exported for its test. */
export function optionsText(options: OverlayOptions): string {
  const parts = [`lowerdir=${options.lower.toReversed().map(escapeLower).join(":")}`];
  if (options.upper !== undefined && options.work !== undefined) {
    parts.push(`upperdir=${escapeComma(options.upper)}`, `workdir=${escapeComma(options.work)}`);
    parts.push(
      `redirect_dir=${options.redirectDirectories ? "on" : "nofollow"}`,
      "index=off",
      "metacopy=off",
    );
  }
  const text = parts.join(",");
  if (Buffer.byteLength(text) <= maxOptionsLength) return text;
  throw new AppError(
    "OVERLAY_TOO_DEEP",
    `${options.lower.length} layers take ${Buffer.byteLength(text)} bytes of mount options; this kernel allows ${maxOptionsLength}.`,
    { remedy: "Use a data directory with a shorter path, an image with fewer steps, or Linux 6.7 or newer." },
  );
}

function escapeLower(path: string): string {
  return escapeComma(path.replaceAll(/[\\:]/g, (character) => `\\${character}`));
}

function escapeComma(path: string): string {
  return path.replaceAll(",", "\\,");
}
