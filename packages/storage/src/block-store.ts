import { unlessAbsent } from "@dorian/base/unless-absent";
import { chmod, link, lstat, mkdir, open, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { type DigestAlgorithm, FileDigests } from "@dorian/base/file-digests";
import { removeTree } from "@dorian/linux/remove-tree";
import { DraftSpace } from "./draft-space.ts";
import { checkDigest, digestMismatch, sharedMode } from "./file-content.ts";
import { LargeFiles } from "./large-files.ts";
import { PartedContents } from "./parted-contents.ts";
import { type Content, receiveContent, writeChunksAt } from "./receive-content.ts";
import { type OnLeftover, SetAside } from "./set-aside.ts";
import { storing } from "./storage-error.ts";

/** Block i of a file holds its bytes from i times this on. */
export const blockBytes = 8 * 1024 * 1024;

export interface PutBlockOptions {
  /** SHA-256 that the content must have, as 64 hexadecimal digits. */
  expectedSha?: string;
  /** Whether its MD5 is wanted as well. */
  md5?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Files addressed by the SHA-256 of what they hold, each stored once. They are never changed: layers hold hard links
 * to them.
 */
export class BlockStore implements AsyncDisposable {
  /** Blocks that lie in files of several. */
  readonly large: LargeFiles;
  /** What will be a block once all of its parts are there. */
  readonly parted: PartedContents;
  readonly #directory: string;
  readonly #incoming: DraftSpace;
  readonly #aside: SetAside;
  readonly #digests = new FileDigests();

  private constructor(directory: string, incoming: DraftSpace, aside: SetAside, bytes: number) {
    this.#directory = directory;
    this.#incoming = incoming;
    this.#aside = aside;
    const newPath = () => incoming.newPath();
    const digests = this.#digests;
    this.large = new LargeFiles({ directory, blockBytes: bytes, blocks: this, newPath, digests });
    this.parted = new PartedContents({
      directory: join(directory, "parted"),
      newPath,
      digests,
      publish: (path, sha) => this.#publish(path, sha),
    });
  }

  /** Opens the store below `dataDirectory`, making it if absent, and clears what dead processes were receiving. */
  static async open(
    dataDirectory: string,
    options: {
      onLeftover?: OnLeftover;
      /** Default: what clients cut files by. */
      blockBytes?: number;
    } = {},
  ): Promise<BlockStore> {
    return await storing(dataDirectory, async () => {
      await mkdir(join(dataDirectory, "blocks"), { recursive: true });
      const directory = await realpath(join(dataDirectory, "blocks"));
      const aside = await SetAside.open(join(directory, "set-aside"), {
        onLeftover: options.onLeftover ?? (() => undefined),
      });
      const incoming = await DraftSpace.open(join(directory, "incoming"), aside);
      return new BlockStore(directory, incoming, aside, options.blockBytes ?? blockBytes);
    });
  }

  /** Says where the content is or would be. */
  path(sha: string): string {
    checkDigest(sha);
    return join(this.#directory, sha.slice(0, 2), sha);
  }

  async has(sha: string): Promise<boolean> {
    return (await this.sizeOf(sha)) !== undefined;
  }

  /** Bytes of the content, or undefined when it is not here. */
  async sizeOf(sha: string): Promise<number | undefined> {
    return (await unlessAbsent(lstat(this.path(sha))))?.size;
  }

  /** The MD5 of each piece of so many bytes of the content, in hexadecimal; undefined when it is not here. */
  async md5sOf(sha: string, pieceBytes: number): Promise<string[] | undefined> {
    const opened = await unlessAbsent(open(this.path(sha), "r"));
    if (!opened) return undefined;
    await using file = opened;
    const { size } = await file.stat();
    const pieces = Array.from({ length: Math.max(1, Math.ceil(size / pieceBytes)) }, (_, index) => {
      const start = index * pieceBytes;
      return this.#digests.of(file, { start, end: Math.min(start + pieceBytes, size) }, ["md5"]);
    });
    return (await Promise.all(pieces)).flatMap(({ digests }) => digests);
  }

  /**
   * Renews the content's change time (ctime), by which collectors tell what nobody asked for lately; false when it is not
   * here. The modification time stays: it shows in the layers that share the file.
   */
  async touch(sha: string): Promise<boolean> {
    return (await unlessAbsent(chmod(this.path(sha), sharedMode).then(() => true))) ?? false;
  }

  /**
   * Stores content; its bytes are on disk when this returns. Content that is here already is read and checked, but not stored again.
   *
   * @throws AppError BLOCK_DIGEST_MISMATCH when it is not what `expectedSha` says; STORAGE_FULL. Nothing is kept then.
   */
  async put(
    source: Content,
    options: PutBlockOptions & { md5: true },
  ): Promise<{ sha: string; size: number; md5: string }>;
  async put(source: Content, options?: PutBlockOptions): Promise<{ sha: string; size: number }>;
  async put(
    source: Content,
    { expectedSha, md5 = false, signal }: PutBlockOptions = {},
  ): Promise<{ sha: string; size: number; md5?: string }> {
    if (expectedSha !== undefined) this.path(expectedSha);
    const incoming = this.#incoming.newPath();
    try {
      return await storing(this.#directory, async () => {
        await using file = await open(incoming, "wx+", sharedMode);
        const algorithms: DigestAlgorithm[] = md5 ? ["sha256", "md5"] : ["sha256"];
        const { digests, size } = await receiveContent(
          source,
          {
            write: (chunks, position) => writeChunksAt(file, chunks, position),
            algorithms,
            digest: async (bytes) =>
              (await this.#digests.of(file, { start: 0, end: bytes }, algorithms)).digests,
          },
          signal,
        );
        const [sha = "", sum = ""] = digests;
        if (expectedSha !== undefined && sha !== expectedSha)
          throw digestMismatch({ sha, size }, expectedSha);
        await file.chmod(sharedMode);
        await file.datasync();
        await this.#publish(incoming, sha);
        return md5 ? { sha, size, md5: sum } : { sha, size };
      });
    } finally {
      await removeTree(incoming);
    }
  }

  async remove(sha: string): Promise<void> {
    await removeTree(this.path(sha));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#incoming[Symbol.asyncDispose]();
    await this.#aside[Symbol.asyncDispose]();
    await this.#digests[Symbol.asyncDispose]();
  }

  async #publish(incoming: string, sha: string): Promise<void> {
    const path = this.path(sha);
    await mkdir(dirname(path), { recursive: true });
    try {
      // Unlike a rename this keeps the file that is there, which layers may share.
      await link(incoming, path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}
