import { closeSync, constants, fstatSync, readlinkSync, type Stats } from "node:fs";
import { errnoOf } from "@dorian/base/app-error";
import { fileBytes } from "@dorian/base/file-name";
import { lastErrno, libc, syscallNumber } from "./libc.ts";

/** A name of a directory entry: bytes where it may not be UTF-8, as a container may choose it. */
export type EntryName = string | Buffer;

const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const RESOLVE_NO_XDEV = 1n;
const RESOLVE_NO_MAGICLINKS = 2n;
const RESOLVE_NO_SYMLINKS = 4n;

/**
 * An open directory in a tree that others wrote. Entries are reached from it one name at a time, so nothing that is
 * swapped on the way to it, however often, leads anywhere else. Its descriptor can neither read nor write.
 */
export class OpenDirectory implements Disposable {
  readonly #descriptor: number;
  #isOpen = true;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Opens a directory by a path of the platform's own, which is followed like any other. */
  static open(path: string): OpenDirectory {
    const flags = O_PATH | constants.O_DIRECTORY;
    return new OpenDirectory(openAt(AT_FDCWD, path, flags, RESOLVE_NO_MAGICLINKS));
  }

  /**
   * Opens a directory by a path on which no link may be: one that was free of links when it was found, and whose last
   * part others wrote. Throws ELOOP or ENOTDIR when it is no longer so.
   */
  static openPlain(path: string): OpenDirectory {
    const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new OpenDirectory(openAt(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS));
  }

  /**
   * Opens a directory in this one, by its name or by a path on which no link may be. Throws ENOTDIR or ELOOP for anything
   * else, and EXDEV for a mount.
   */
  directory(name: EntryName): OpenDirectory {
    const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new OpenDirectory(openAt(this.#descriptor, name, flags, withinOneMount));
  }

  /** Opens as {@link directory} does; undefined where there is no directory, or a mount. */
  tryDirectory(name: EntryName): OpenDirectory | undefined {
    try {
      return this.directory(name);
    } catch (error) {
      if (absent.has(errnoOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** Opens the directory that this one is in now. */
  parent(): OpenDirectory {
    return this.directory("..");
  }

  /**
   * A descriptor of an entry that pins it and does nothing else: it opens no device and waits for no FIFO. The entry may
   * be a link, which is not followed. Whoever calls closes it.
   */
  pin(name: EntryName): number {
    return openAt(this.#descriptor, name, O_PATH | constants.O_NOFOLLOW, withinOneMount);
  }

  /** Pins as {@link pin} does; undefined where there is nothing. */
  tryPin(name: EntryName): number | undefined {
    try {
      return this.pin(name);
    } catch (error) {
      if (absent.has(errnoOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** A path by which Node's own calls reach this very directory, while it is open. */
  get path(): string {
    return descriptorPath(this.#descriptor);
  }

  /** As {@link path}, of an entry: for calls that do not follow a link that it may be, or become. */
  at(name: string): string;
  at(name: Buffer): Buffer;
  at(name: EntryName): EntryName;
  at(name: EntryName): EntryName {
    return typeof name === "string"
      ? `${this.path}/${name}`
      : Buffer.concat([Buffer.from(`${this.path}/`), name]);
  }

  /** Says where the directory is at the moment. */
  realPath(): string {
    return readlinkSync(this.path);
  }

  stat(): Stats {
    return fstatSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}

/** The path by which Node's own calls reach what a descriptor stands for. */
export function descriptorPath(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

const absent = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EXDEV", "ENAMETOOLONG"]);

const withinOneMount = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

function openAt(directory: number, name: EntryName, flags: number, resolve: bigint): number {
  const path = Buffer.concat([typeof name === "string" ? fileBytes(name) : name, Buffer.alloc(1)]);
  const how = BigUint64Array.of(BigInt(flags | O_CLOEXEC), 0n, resolve);
  const descriptor = Number(libc.openat2(syscallNumber.openat2, directory, path, how, how.byteLength));
  if (descriptor >= 0) return descriptor;
  const code = lastErrno();
  throw Object.assign(new Error(`${code}: openat2 ${JSON.stringify(name.toString())}`), {
    code,
    syscall: "openat2",
  });
}
