import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, chown, type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { FileDigests } from "@dorian/base/file-digests";
import { SharedWork } from "@dorian/base/shared-work";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { clearRange, copyRange } from "@dorian/linux/file-ranges";
import { removeTree } from "@dorian/linux/remove-tree";
import { BlockPlaces, type Located, type Place } from "./block-places.ts";
import {
  type BlockReference,
  blockMissing,
  blockTooLarge,
  digestMismatch,
  type FileContent,
  permissionsOf,
} from "./file-content.ts";
import { hashedCopy } from "./hashed-copy.ts";
import { PlaceTurns } from "./place-turns.ts";
import { type Content, receiveContent, writeChunksAt } from "./receive-content.ts";
import type { RoomWatch } from "./room-watch.ts";
import { storing } from "./storage-error.ts";

/** Marks a file that does not hold all of its blocks yet. No file of a layer has it. */
const receivingBit = 0o1000;
const receivingMode = receivingBit | 0o600;

export interface LargeFilesOptions {
  directory: string;
  blockBytes: number;
  /** Blocks that are files of their own. */
  blocks: {
    path(sha: string): string;
    sizeOf(sha: string): Promise<number | undefined>;
    touch(sha: string): Promise<boolean>;
    put(
      source: Content,
      options: { expectedSha: string; signal?: AbortSignal | undefined },
    ): Promise<unknown>;
  };
  /** A path for what is about to be renamed. */
  newPath(): string;
  digests: FileDigests;
}

/**
 * Files of several blocks, each block received in the place that it has in the file. A file is named for its content and its
 * permissions, so that whoever writes to a place writes the same; when it is whole, layers hold hard links to it.
 */
export class LargeFiles {
  readonly blockBytes: number;
  readonly #options: LargeFilesOptions;
  readonly #files: string;
  readonly #places: BlockPlaces;
  readonly #turns = new PlaceTurns();
  /** Nobody gets a turn at a file that is here. */
  readonly #completing = new SharedWork<string, string>();

  constructor(options: LargeFilesOptions) {
    this.blockBytes = options.blockBytes;
    const { directory, blockBytes, newPath } = options;
    this.#options = options;
    this.#files = join(directory, "large");
    this.#places = new BlockPlaces({
      directory: join(directory, "places"),
      files: this.#files,
      blockBytes,
      newPath,
    });
  }

  /** The name of the file that such content makes. */
  nameOf(file: Pick<FileContent, "size" | "mode"> & { blocks: readonly { sha: string }[] }): string {
    const hash = createHash("sha256").update(`${file.size} ${permissionsOf(file)}`);
    for (const { sha } of file.blocks) hash.update(` ${sha}`);
    return hash.digest("base64url");
  }

  /** Finds a block, in a file of its own or in a large one; undefined when it is not here. */
  async find(sha: string): Promise<Located | undefined> {
    const { blocks } = this.#options;
    const size = await blocks.sizeOf(sha);
    return size === undefined ? await this.#places.find(sha) : { path: blocks.path(sha), offset: 0, size };
  }

  /** Renews the change time of the file that a block is in, by which collectors go; false when the block is not here. */
  async touch(sha: string): Promise<boolean> {
    if (await this.#options.blocks.touch(sha)) return true;
    const placed = await this.#places.find(sha);
    // No owner is changed, and nothing else but that time.
    return placed !== undefined && (await unlessAbsent(chown(placed.path, -1, -1).then(() => true))) === true;
  }

  /**
   * Stores a block where it is needed; it is on disk when this returns. What is here already is read and checked only.
   * While somebody else writes to its place it becomes a file of its own, and is copied when the file is completed.
   *
   * @throws AppError BLOCK_DIGEST_MISMATCH, BLOCK_TOO_LARGE, BLOCK_PLACE_TAKEN, STORAGE_FULL
   */
  async receive(
    source: Content,
    options: { sha: string; place: Place; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { sha, place, signal } = options;
    using held = this.#completing.isRunning(place.file) ? undefined : this.#turns.take(place);
    if (!held) return void (await this.#options.blocks.put(source, { expectedSha: sha, signal }));
    const { turn, flush } = held;
    const start = place.index * this.blockBytes;
    if (await this.find(sha)) await turn.stop();
    await storing(this.#files, async () => {
      await using file = await this.#open(place.file);
      if (await isWhole(file)) await turn.stop();
      const write = async (chunks: readonly Uint8Array[], position: number) => {
        const end = chunks.reduce((sum, chunk) => sum + chunk.length, position);
        if (end > this.blockBytes) throw blockTooLarge(this.blockBytes);
        await turn.write(() => writeChunksAt(file, chunks, start + position));
      };
      let isKnownElsewhere = false;
      const digest = async (size: number) => {
        if (!turn.isStopped) return [await this.#options.digests.sha256(file, { start, end: start + size })];
        // Who completed the file has had the block from elsewhere: what came is in its place only in part, and not looked at.
        isKnownElsewhere = (await this.find(sha)) !== undefined;
        if (!isKnownElsewhere) throw placeTaken(sha);
        return [sha];
      };
      const { digests, size } = await receiveContent(
        source,
        // What is not written has to be looked at as it comes.
        { write, algorithms: ["sha256"], digest: turn.isStopped ? undefined : digest },
        signal,
      );
      if (isKnownElsewhere) return;
      const [received = ""] = digests;
      if (received !== sha) throw digestMismatch({ sha: received, size }, sha);
      await turn.write(async () => {
        // Content that was refused may have been longer.
        await clearRange(file, start + size, start + this.blockBytes);
        await flush.run(() => file.datasync());
      });
      if (!turn.isStopped || (await isWhole(file))) await this.#places.set(sha, place, size);
    });
  }

  /**
   * Has a file of this machine copied, for layers to link to, and gives the blocks that it consists of. Undefined, and nothing is
   * kept, when the first of them is here already, for then others may be; and when somebody writes to it meanwhile.
   *
   * @throws AppError STORAGE_FULL
   */
  async copy(
    source: FileHandle,
    options: {
      mode: number;
      room: Pick<RoomWatch, "hold">;
      onCopied: (bytes: number) => void;
      signal: AbortSignal;
    },
  ): Promise<readonly BlockReference[] | undefined> {
    const { blockBytes } = this;
    const { mode, room, signal } = options;
    const { digests, newPath } = this.#options;
    const { size, mtimeNs, blocks: sectors } = await source.stat({ bigint: true });
    const range = { start: 0, end: Math.min(blockBytes, Number(size)), withoutTrailingZeros: true };
    if (await this.find(await digests.sha256(source, range))) return undefined;
    // What is no more than a hole takes no room.
    using held = room.hold(Math.min(Number(size), Number(sectors) * 512));
    const onCopied = (bytes: number) => {
      held.shrink(bytes);
      options.onCopied(bytes);
    };
    const draft = newPath();
    try {
      return await storing(this.#files, async () => {
        const blocks = await hashedCopy(source, draft, {
          size: Number(size),
          blockBytes,
          digests,
          onCopied,
          signal,
        });
        const after = await source.stat({ bigint: true });
        if (after.size !== size || after.mtimeNs !== mtimeNs) return undefined;
        const content = { path: "", size: Number(size), mode, blocks };
        const name = this.nameOf(content);
        await this.#completing.run(name, () => this.#adopt(name, draft, content));
        return blocks;
      });
    } finally {
      await removeTree(draft);
    }
  }

  /**
   * The path of the file that holds such content, to be linked to. Blocks that are elsewhere are copied to their places.
   *
   * @throws AppError BLOCK_NOT_FOUND, STORAGE_FULL
   */
  async complete(content: FileContent): Promise<string> {
    const name = this.nameOf(content);
    return await this.#completing.run(name, () => this.#complete(name, content));
  }

  /**
   * Removes files that no layer shares and nobody has asked for since a time in milliseconds: those that are still being
   * received, and whole ones.
   */
  async collect(before: { receiving: number; whole: number }): Promise<void> {
    for (const name of await entriesOf(this.#files)) {
      const path = this.#pathOf(name);
      const { nlink, ctimeMs, mode } = await lstat(path);
      const isReceiving = (mode & receivingBit) !== 0;
      if (nlink > 1 || ctimeMs >= (isReceiving ? before.receiving : before.whole)) continue;
      if (!this.#turns.isHeld(name) && !this.#completing.isRunning(name)) await unlink(path);
    }
    await this.#places.collect();
  }

  async #complete(name: string, content: FileContent): Promise<string> {
    await this.#turns.stop(name);
    const path = this.#pathOf(name);
    await storing(this.#files, async () => {
      await using file = await this.#open(name);
      if (await isWhole(file)) return;
      for (const [index, { sha }] of content.blocks.entries()) {
        const start = index * this.blockBytes;
        const placed = await this.#places.find(sha);
        if (placed?.path === path && placed.offset === start) continue;
        const found = await this.find(sha);
        if (!found) throw blockMissing(content, sha);
        await using source = await open(found.path);
        await copyRange(source, file, { from: found.offset, to: start, length: found.size });
        await clearRange(file, start + found.size, start + this.blockBytes);
      }
      await file.truncate(content.size);
      await file.datasync();
      await this.#setPlaces(name, content);
      await file.chmod(permissionsOf(content));
    });
    return path;
  }

  /** `draft` is on disk, with all of the content. */
  async #adopt(name: string, draft: string, content: FileContent): Promise<string> {
    await this.#turns.stop(name);
    const path = this.#pathOf(name);
    await chmod(draft, permissionsOf(content));
    await mkdir(this.#files, { recursive: true });
    await rename(draft, path);
    try {
      await this.#setPlaces(name, content);
    } catch (error) {
      // Places in a file that is gone are none.
      await removeTree(path);
      throw error;
    }
    return path;
  }

  async #setPlaces(name: string, { blocks }: FileContent): Promise<void> {
    for (const [index, { sha, size }] of blocks.entries()) {
      if (!(await this.#places.find(sha))) await this.#places.set(sha, { file: name, index }, size);
    }
  }

  async #open(name: string): Promise<FileHandle> {
    await mkdir(this.#files, { recursive: true });
    return await open(this.#pathOf(name), constants.O_RDWR | constants.O_CREAT, receivingMode);
  }

  #pathOf(name: string): string {
    return join(this.#files, name);
  }
}

async function isWhole(file: FileHandle): Promise<boolean> {
  return ((await file.stat()).mode & receivingBit) === 0;
}

function placeTaken(sha: string): AppError {
  return new AppError(
    "BLOCK_PLACE_TAKEN",
    `Somebody else was putting a file together while its block ${sha} came.`,
    {
      status: "UNAVAILABLE",
      remedy: "Send it again.",
    },
  );
}

/** None of a directory that nothing has been put into yet. */
async function entriesOf(directory: string): Promise<string[]> {
  return (await unlessAbsent(readdir(directory))) ?? [];
}
