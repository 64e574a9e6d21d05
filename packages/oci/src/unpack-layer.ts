import { chmod, lchown, link, lstat, lutimes, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { check, libc } from "@dorian/linux/libc";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { makeDirectoryBelow, placeBelow } from "@dorian/linux/place-below";
import { removeTree } from "@dorian/linux/remove-tree";
import { createWhiteout, isWhiteout, markWhiteouts, setOpaque } from "@dorian/linux/overlay-marks";
import { extract, type Header } from "tar-stream";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { settleAll } from "./settle-all.ts";
import { shown } from "./small-body.ts";

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";
/** The kernel takes 4,096; the rest is for where the layer lies on this machine. */
const maxPathBytes = 3500;
const fileTypes: Record<string, number> = {
  "character-device": 0o020000,
  "block-device": 0o060000,
  fifo: 0o010000,
};

export interface UnpackOptions {
  /** Told of content before it is written, and of entries before they are made; what they throw ends it. */
  onUnpacked: (bytes: number) => void;
  onEntries: (count: number) => void;
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
  const entries = extract();
  const { signal } = options;
  const reading = pipeline(tar, entries, { signal });
  const unpacking = (async () => {
    for await (const entry of entries) {
      // The types of tar-stream's streams leave out that they can be iterated.
      await unpacker.add(entry.header, entry as unknown as AsyncIterable<Uint8Array>);
      entry.resume();
    }
  })();
  await settleAll([reading, unpacking]);
  await unpacker.finish();
}

class LayerUnpacker {
  #root: string;
  #options: UnpackOptions;
  /** Times of directories, set last: filling a directory changes its own. */
  #directoryTimes = new Map<string, Date>();
  /** Host paths of directories that are known to exist and to be no links. */
  #parents = new Map<string, string>();

  constructor(root: string, options: UnpackOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** Errors speak of the entry, by its path in the image. */
  async add(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#add(header, content);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      throw invalidLayer(`its entry ${JSON.stringify(shown(header.name))} cannot be made (${reason})`, error);
    }
  }

  async #add(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
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
      if (header.type === "directory") await this.#setAttributes(this.#root, header);
      return;
    }
    const name = basename(path);
    // Directories on the way may have to be made, too.
    this.#options.onEntries(this.#parents.has(dirname(path)) ? 1 : names.length);
    const parent = await this.#directory(dirname(path));
    if (name === opaqueName) setOpaque(parent);
    else if (name.startsWith(whiteoutPrefix)) await this.#whiteOut(parent, name.slice(whiteoutPrefix.length));
    else await this.#make(header, join(parent, name), content);
  }

  async finish(): Promise<void> {
    for (const [path, time] of this.#directoryTimes) {
      if (await unlessAbsent(lstat(path))) await lutimes(path, time, time);
    }
  }

  async #make(header: Header, path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const existing = await unlessAbsent(lstat(path));
    const isMerge = header.type === "directory" && existing?.isDirectory() === true;
    if (existing && !isMerge) await this.#remove(path);
    switch (header.type) {
      case "directory":
        if (!isMerge) await mkdir(path);
        // What replaces a deleted thing has nothing of it.
        if (existing && isWhiteout(existing)) setOpaque(path);
        break;
      case "symlink":
        await symlink(header.linkname ?? "", path);
        break;
      case "link":
        await this.#link(header, path);
        return;
      case "file":
      case "contiguous-file":
        await writeFile(path, this.#counted(content), { flag: "wx", mode: 0o600 });
        break;
      case "character-device":
      case "block-device":
      case "fifo":
        // A device of number 0 would be taken for a whiteout; there is no such device.
        if (header.type !== "fifo" && !header.devmajor && !header.devminor) return;
        makeNode(header, path);
        break;
      default:
        return;
    }
    await this.#setAttributes(path, header);
  }

  async *#counted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.#options.onUnpacked(chunk.length);
      yield chunk;
    }
  }

  async #link(header: Header, path: string): Promise<void> {
    using root = OpenDirectory.open(this.#root);
    using target = placeBelow(root, header.linkname ?? "", { follow: false });
    try {
      await link(target.directory.at(target.names.join("/") || "."), path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      const [name, target] = [header.name, header.linkname ?? ""].map((text) => JSON.stringify(shown(text)));
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
    this.#parents.set(path, resolved);
    return resolved;
  }

  async #remove(path: string): Promise<void> {
    await removeTree(path);
    // A link may take the place of a directory that entries below it were resolved through.
    this.#parents.clear();
  }

  async #setAttributes(path: string, header: Header): Promise<void> {
    await lchown(path, header.uid ?? 0, header.gid ?? 0);
    // Changing the owner clears the set-user-id bit, so the mode comes after it.
    if (header.type !== "symlink") await chmod(path, (header.mode ?? 0o644) & 0o7777);
    setExtendedAttributes(path, header);
    const time = modificationTime(header);
    if (header.type === "directory") this.#directoryTimes.set(path, time);
    else await lutimes(path, time, time);
  }
}

function makeNode(header: Header, path: string): void {
  const major = header.devmajor ?? 0;
  const minor = header.devminor ?? 0;
  const device = header.type === "fifo" ? 0 : (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
  check(libc.mknod(path, (fileTypes[header.type ?? ""] ?? 0) | 0o600, device), `make node ${path}`);
}

function setExtendedAttributes(path: string, header: Header): void {
  for (const [key, value] of Object.entries(paxOf(header))) {
    const name = /^SCHILY\.xattr\.(security\.capability|user\..+)$/.exec(key)?.[1];
    if (name === undefined) continue;
    const bytes = Buffer.from(value, "utf8");
    check(libc.lsetxattr(path, name, bytes, bytes.length, 0), `set ${name} of ${path}`);
  }
}

/** Attributes that the old header has no room for. */
function paxOf(header: Header): Record<string, string> {
  return (header.pax ?? {}) as Record<string, string>;
}

function modificationTime(header: Header): Date {
  const exact = Number(paxOf(header)["mtime"]);
  return Number.isFinite(exact) ? new Date(exact * 1000) : (header.mtime ?? new Date(0));
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

export function invalidLayer(problem: string, cause?: unknown): AppError {
  return new AppError("IMAGE_LAYER_INVALID", `A layer of the image cannot be unpacked: ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Build the image again with another tool, or choose another image.",
    cause,
  });
}
