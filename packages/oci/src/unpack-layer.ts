import { chmod, lchown, link, lstat, lutimes, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { check, libc } from "@dorian/linux/libc";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { makeDirectoryBelow, placeBelow } from "@dorian/linux/place-below";
import { removeTree } from "@dorian/linux/remove-tree";
import { createWhiteout, isWhiteout, markWhiteouts, setOpaque } from "@dorian/linux/overlay-marks";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { invalidLayer } from "./invalid-layer.ts";
import { readTar, type TarEntry } from "./read-tar.ts";
import { shown } from "./small-body.ts";
import { type TarHeader, tarType } from "./tar-header.ts";

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";
/** The kernel takes 4,096; the rest is for where the layer lies on this machine. */
const maxPathBytes = 3500;
/** Half a million directories with paths of 128 letters. */
const maxNotedBytes = 64 * 2 ** 20;
const maxKnownParents = 10_000;

/** Bits of the kernel's modes. */
const fileTypes: Record<string, number> = {
  [tarType.characterDevice]: 0o020000,
  [tarType.blockDevice]: 0o060000,
  [tarType.fifo]: 0o010000,
};

export interface UnpackOptions {
  /** Told of bytes before anything is made of them, and of entries before they are made; what they throw ends it. */
  onUnpacked: (bytes: number) => void;
  onEntries: (count: number) => void;
  /** How much of the paths of directories is remembered, whose times are set at the end. */
  maxNotedBytes?: number;
  signal: AbortSignal;
}

/**
 * Unpacks a layer's tar stream into `root`, an empty directory, in the form that overlayfs stacks: deletions become
 * whiteouts. Nothing is written outside `root`, whatever names and links the tar holds.
 *
 * @throws AppError IMAGE_LAYER_INVALID
 */
export async function unpackLayer(tar: Readable, root: string, options: UnpackOptions): Promise<void> {
  const unpacker = new LayerUnpacker(root, options);
  for await (const entry of readTar(counted(tar, options))) await unpacker.add(entry);
  await unpacker.finish();
}

/** All of the archive counts, also what is only said of entries: it may be nothing else. */
async function* counted(tar: Readable, { onUnpacked, signal }: UnpackOptions): AsyncGenerator<Buffer> {
  for await (const piece of tar as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    onUnpacked(piece.length);
    yield piece;
  }
}

class LayerUnpacker {
  #root: string;
  #options: UnpackOptions;
  /** Times of directories, set last: filling a directory changes its own. */
  #directoryTimes = new Map<string, number>();
  #notedBytes = 0;
  /** Host paths of directories that are known to exist and to be no links. */
  #parents = new Map<string, string>();

  constructor(root: string, options: UnpackOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** Errors speak of the entry, by its path in the image. */
  async add(entry: TarEntry): Promise<void> {
    const { header } = entry;
    try {
      await this.#add(entry);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      throw invalidLayer(`its entry ${JSON.stringify(shown(header.name))} cannot be made (${reason})`, error);
    }
  }

  async #add(entry: TarEntry): Promise<void> {
    const { header } = entry;
    const names = header.name.split("/").filter((name) => name !== "" && name !== ".");
    if (names.includes("..") || header.name.includes("\0"))
      throw invalidLayer(`it has an entry ${JSON.stringify(shown(header.name))}`);
    const path = names.join("/");
    if (Buffer.byteLength(path) > maxPathBytes) {
      throw invalidLayer(
        `it has an entry with a path of more than ${maxPathBytes} bytes: "${path.slice(0, 100)}…"`,
      );
    }
    if (path === "") {
      if (header.type === tarType.directory) await this.#setAttributes(this.#root, entry);
      return;
    }
    const name = basename(path);
    // Directories on the way may have to be made, too.
    this.#options.onEntries(this.#parents.has(dirname(path)) ? 1 : names.length);
    const parent = await this.#directory(dirname(path));
    if (name === opaqueName) setOpaque(parent);
    else if (name.startsWith(whiteoutPrefix)) await this.#whiteOut(parent, name.slice(whiteoutPrefix.length));
    else await this.#make(entry, join(parent, name));
  }

  async finish(): Promise<void> {
    for (const [path, time] of this.#directoryTimes) {
      if (await unlessAbsent(lstat(path))) await lutimes(path, time, time);
    }
  }

  async #make(entry: TarEntry, path: string): Promise<void> {
    const { header, content } = entry;
    const existing = await unlessAbsent(lstat(path));
    const isMerge = header.type === tarType.directory && existing?.isDirectory() === true;
    if (existing && !isMerge) await this.#remove(path);
    switch (header.type) {
      case tarType.directory:
        if (!isMerge) await mkdir(path);
        // What replaces a deleted thing has nothing of it.
        if (existing && isWhiteout(existing)) setOpaque(path);
        break;
      case tarType.symbolicLink:
        await symlink(header.linkname, path);
        break;
      case tarType.hardLink:
        await this.#link(header, path);
        return;
      case tarType.file:
      case tarType.contiguousFile:
        await writeFile(path, content, { flag: "wx", mode: 0o600 });
        break;
      case tarType.characterDevice:
      case tarType.blockDevice:
      case tarType.fifo:
        // A device of number 0 would be taken for a whiteout; there is no such device.
        if (header.type !== tarType.fifo && !header.devmajor && !header.devminor) return;
        makeNode(header, path);
        break;
      default:
        return;
    }
    await this.#setAttributes(path, entry);
  }

  async #link(header: TarHeader, path: string): Promise<void> {
    using root = OpenDirectory.open(this.#root);
    using target = placeBelow(root, header.linkname, { follow: false });
    try {
      await link(target.directory.at(target.names.join("/") || "."), path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      const [name, target] = [header.name, header.linkname].map((text) => JSON.stringify(shown(text)));
      throw invalidLayer(`${name} is a link to ${target}, which it lacks`);
    }
  }

  async #whiteOut(parent: string, name: string): Promise<void> {
    // Other names of this form are notes of an older file system about itself.
    if (name === "" || name.startsWith(whiteoutPrefix) || name === "." || name === "..") return;
    const path = join(parent, name);
    const existing = await unlessAbsent(lstat(path));
    if (existing?.isDirectory()) setOpaque(path);
    if (existing) return;
    createWhiteout(path);
    markWhiteouts(parent);
  }

  async #directory(path: string): Promise<string> {
    if (path === ".") return this.#root;
    const known = this.#parents.get(path);
    if (known !== undefined) return known;
    using root = OpenDirectory.open(this.#root);
    using directory = makeDirectoryBelow(root, path);
    // Nobody else writes there, so the path leads to it until an entry of the tar takes its place.
    const resolved = directory.realPath();
    if (this.#parents.size >= maxKnownParents) this.#parents.clear();
    this.#parents.set(path, resolved);
    return resolved;
  }

  async #remove(path: string): Promise<void> {
    await removeTree(path);
    // A link may take the place of a directory that entries below it were resolved through.
    this.#parents.clear();
  }

  async #setAttributes(path: string, { header, extended }: TarEntry): Promise<void> {
    await lchown(path, header.uid, header.gid);
    // Changing the owner clears the set-user-id bit, so the mode comes after it.
    if (header.type !== tarType.symbolicLink) await chmod(path, header.mode & 0o7777);
    setExtendedAttributes(path, extended);
    if (header.type === tarType.directory) this.#noteTime(path, header.mtime);
    else await lutimes(path, header.mtime, header.mtime);
  }

  #noteTime(path: string, time: number): void {
    if (!this.#directoryTimes.has(path)) this.#notedBytes += path.length;
    const most = this.#options.maxNotedBytes ?? maxNotedBytes;
    if (this.#notedBytes > most)
      throw invalidLayer(`the paths of its directories have more than ${most} bytes`);
    this.#directoryTimes.set(path, time);
  }
}

function makeNode(header: TarHeader, path: string): void {
  const { devmajor: major, devminor: minor } = header;
  const device = header.type === tarType.fifo ? 0 : (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
  check(libc.mknod(path, (fileTypes[header.type] ?? 0) | 0o600, device), `make node ${path}`);
}

function setExtendedAttributes(path: string, extended: ReadonlyMap<string, Buffer>): void {
  for (const [key, value] of extended) {
    const name = /^SCHILY\.xattr\.(security\.capability|user\..+)$/.exec(key)?.[1];
    if (name !== undefined)
      check(libc.lsetxattr(path, name, value, value.length, 0), `set ${name} of ${path}`);
  }
}

/** What the kernel, and Node before it, say of names, links, modes, owners and attributes that cannot be. */
const entryTroubles = new Set(
  (
    "ENAMETOOLONG ENOTDIR EISDIR ELOOP EEXIST ENOENT EINVAL EPERM EACCES ERANGE E2BIG ENOTSUP EOPNOTSUPP EMLINK EFBIG " +
    "ENOTEMPTY EILSEQ EOVERFLOW ERR_INVALID_ARG_VALUE ERR_OUT_OF_RANGE"
  ).split(" "),
);

/** Why an entry cannot be made as it is. Undefined: the trouble is with the machine, or with getting it. */
function refusalOf(error: unknown): string | undefined {
  const isKernelCall = AppError.is(error) && error.code === "KERNEL_CALL_FAILED" && "errno" in error;
  const reason = isKernelCall ? String(error.errno) : errnoOf(error);
  return reason !== undefined && entryTroubles.has(reason) ? reason : undefined;
}
