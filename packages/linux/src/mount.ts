import { closeSync, fstatSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { check, fail, lastErrno, libc, syscallNumber } from "./libc.ts";
import { openOverlayByOptions } from "./overlay-by-options.ts";
import type { OverlayOptions } from "./overlay-options.ts";

const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const MS_SHARED = 1 << 20;
const MNT_DETACH = 2;
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const MOUNT_ATTR_NOSUID = 0x2;
const MOUNT_ATTR_NODEV = 0x4;
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
const MOVE_MOUNT_BENEATH = 0x200;
const AT_FDCWD = -100;
const ST_RDONLY = 1n;
/** Bytes of the kernel's `struct statfs` on 64-bit machines. */
const statfsBytes = 120;
const statfsFlagsOffset = 80;

/** An overlay that is not mounted anywhere yet. Closing it after it was placed changes nothing. */
export interface OpenOverlay extends Disposable {
  /** The file system, as "major:minor". */
  device: string;
  placeAt(target: string): void;
  /**
   * Takes the place of the mount at `target`, in the calling thread's mount namespace. At no moment is the directory
   * empty; what processes hold open stays on the old mount until they let go of it.
   */
  replaceAt(target: string): void;
}

/**
 * Makes an overlay of `options.lower`. It carries what others wrote, so setuid bits and device files in it mean nothing,
 * wherever it is placed or bound.
 */
export function createOverlay(options: OverlayOptions): OpenOverlay {
  const mount = openOverlay(options);
  try {
    if (options.work !== undefined && isReadOnly(mount)) throw whyReadOnly(options.work);
  } catch (error) {
    closeSync(mount);
    throw error;
  }
  return {
    device: deviceName(fstatSync(mount).dev),
    placeAt: (target) => placeMount(mount, target),
    replaceAt(target) {
      if (move(mount, target, MOVE_MOUNT_BENEATH) === 0) {
        check(libc.umount2(target, MNT_DETACH), `unmount of the old overlay at ${target}`);
        return;
      }
      // Before Linux 6.5 a mount cannot go beneath another. On top works too; the old one then lives as long as the container.
      const errno = lastErrno();
      if (errno !== "EINVAL") fail(`mount beneath ${target}`, errno);
      placeMount(mount, target);
    },
    [Symbol.dispose]: () => closeSync(mount),
  };
}

/** Puts a mount that is nowhere yet, given by its descriptor, over `target`. */
export function placeMount(mount: number, target: string): void {
  check(move(mount, target, 0), `mount at ${target}`);
}

function move(mount: number, target: string, flags: number): number {
  return Number(
    libc.moveMount(syscallNumber.moveMount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | flags),
  );
}

/** Mounts an overlay of `options.lower` at `target`. */
export function mountOverlay(target: string, options: OverlayOptions): void {
  using overlay = createOverlay(options);
  overlay.placeAt(target);
}

function isReadOnly(mount: number): boolean {
  const status = Buffer.alloc(statfsBytes);
  check(libc.fstatfs(mount, status), "fstatfs of an overlay");
  return (status.readBigInt64LE(statfsFlagsOffset) & ST_RDONLY) !== 0n;
}

/** The kernel makes do with a read-only mount where it could not make its working directory, and does not say why. */
function whyReadOnly(work: string): unknown {
  const probe = join(work, "probe");
  try {
    mkdirSync(probe);
    rmdirSync(probe);
  } catch (error) {
    return error;
  }
  return new AppError(
    "OVERLAY_READ_ONLY",
    `An overlay with the working directory ${work} can only be read.`,
    {
      status: "UNAVAILABLE",
      remedy: "The kernel's log (dmesg) says why. Then try again.",
    },
  );
}

// The kernel packs the two numbers of a device into one.
function deviceName(device: number): string {
  const packed = BigInt(device);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & ~0xfffn);
  const minor = (packed & 0xffn) | ((packed >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

function openOverlay(options: OverlayOptions): number {
  const context = check(libc.fsopen(syscallNumber.fsopen, "overlay", FSOPEN_CLOEXEC), "fsopen overlay");
  const set = (key: string, value: string) =>
    check(
      libc.fsconfig(syscallNumber.fsconfig, context, FSCONFIG_SET_STRING, key, value, 0),
      `overlay ${key}=${value}`,
    );
  try {
    set("source", "dorian");
    // The kernel lists lower directories from the top down.
    for (const [index, directory] of options.lower.toReversed().entries()) {
      const taken = libc.fsconfig(
        syscallNumber.fsconfig,
        context,
        FSCONFIG_SET_STRING,
        "lowerdir+",
        directory,
        0,
      );
      if (index === 0 && Number(taken) < 0 && lastErrno() === "EINVAL") return openOverlayByOptions(options);
      check(taken, `overlay lowerdir+=${directory}`);
    }
    if (options.upper !== undefined && options.work !== undefined) {
      set("upperdir", options.upper);
      set("workdir", options.work);
      set("redirect_dir", options.redirectDirectories ? "on" : "nofollow");
      set("index", "off");
      // A frozen upper directory must hold its files' bytes, whatever this kernel's default is.
      set("metacopy", "off");
    } else {
      check(libc.fsconfig(syscallNumber.fsconfig, context, FSCONFIG_SET_FLAG, "ro", null, 0), "overlay ro");
    }
    check(
      libc.fsconfig(syscallNumber.fsconfig, context, FSCONFIG_CMD_CREATE, null, null, 0),
      "overlay create",
    );
    const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    return check(
      libc.fsmount(syscallNumber.fsmount, context, FSMOUNT_CLOEXEC, attributes),
      "fsmount overlay",
    );
  } finally {
    closeSync(context);
  }
}

/** Makes what is at `source` appear at `target` as well. */
export function bindMount(source: string, target: string, options?: { readOnly?: boolean }): void {
  check(libc.mount(source, target, null, MS_BIND | MS_REC, null), `bind ${source} at ${target}`);
  if (options?.readOnly) {
    check(
      libc.mount(null, target, null, MS_BIND | MS_REMOUNT | MS_RDONLY, null),
      `read-only remount of ${target}`,
    );
  }
}

/** Mounts and unmounts below `target` will from now on be seen wherever it is bound, too. */
export function makeShared(target: string): void {
  check(libc.mount(null, target, null, MS_SHARED, null), `share ${target}`);
}

/** Mounts below `target` stay in this mount namespace. */
export function makePrivate(target: string): void {
  check(libc.mount(null, target, null, MS_REC | MS_PRIVATE, null), `make ${target} private`);
}

/** Makes a mount's whole file system read-only; false while something has a file in it open for writing. */
export function sealReadOnly(target: string): boolean {
  return Number(libc.mount(null, target, null, MS_REMOUNT | MS_RDONLY, null)) === 0;
}

/** Takes back what {@link sealReadOnly} did. */
export function unseal(target: string): void {
  check(libc.mount(null, target, null, MS_REMOUNT, null), `make ${target} writable again`);
}

/** Unmounts `target` now for new lookups, and for good once nobody uses it. False when nothing was mounted there. */
export function unmount(target: string): boolean {
  if (Number(libc.umount2(target, MNT_DETACH)) === 0) return true;
  const errno = lastErrno();
  if (errno === "EINVAL" || errno === "ENOENT") return false;
  return fail(`unmount ${target}`, errno);
}
