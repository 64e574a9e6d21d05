import { createHash, randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { wallClockMs } from "@dorian/base/wall-clock";
import { localFileChanged, withLocalFile } from "@dorian/sdk/local/local-file-error";

/** Beyond it the ones not used for longest go: about 20 MB. */
const maxFiles = 100_000;
const maxCacheBytes = 64 * 1024 * 1024;
/** A file that changed so shortly before it was read, in milliseconds, may change again without showing it: some file systems count in two seconds. */
const settledMs = 3_000;

const pieceBytes = 1024 * 1024;

const entry = /^([0-9a-f]{64}) (\S+) (.+)$/;

interface Known {
  identity: string;
  sha256: string;
}

/**
 * Digests of files of this machine, remembered in a file: what has the place, size, times and inode that it had has the content that it had.
 * The file may vanish, be damaged, or be written by several at once: then more is read than had to be.
 */
export class LocalDigests {
  #path: string | undefined;
  /** By path, those used last at the end. Read at first use: most deployments have no file to ask about, and it may be as long as 100,000 lines. */
  #known: Promise<Map<string, Known>> | undefined;
  #hasNew = false;
  /** Memory that is new for each piece costs as much as the reading. */
  #buffers: Buffer[] = [];

  /** Without a path nothing is remembered. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** The SHA-256 of a file's content, in hex, if it is remembered: then nothing of it is read. */
  async remembered(path: string, stats: BigIntStats): Promise<string | undefined> {
    const name = resolve(path);
    const known = await this.#recall();
    const found = known.get(name);
    if (found === undefined) return undefined;
    known.delete(name);
    if (found.identity !== identityOf(stats)) return undefined;
    known.set(name, found);
    return found.sha256;
  }

  /**
   * The SHA-256 of a file's content, which is read.
   *
   * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, LOCAL_FILE_CHANGED
   */
  async read(
    path: string,
    stats: BigIntStats,
    options: { onRead: (bytes: number) => void; signal: AbortSignal },
  ): Promise<string> {
    return await withLocalFile(path, "read", async () => {
      const startedAtMs = wallClockMs();
      const sha256 = await this.#hash(path, options);
      const identity = identityOf(stats);
      if (identityOf(await stat(path, { bigint: true })) !== identity) throw localFileChanged(path);
      const changedAt = stats.mtimeMs > stats.ctimeMs ? stats.mtimeMs : stats.ctimeMs;
      const name = resolve(path);
      if (startedAtMs - Number(changedAt) > settledMs && !/[\r\n]/.test(name)) {
        (await this.#recall()).set(name, { identity, sha256 });
        this.#hasNew = true;
      }
      return sha256;
    });
  }

  #recall(): Promise<Map<string, Known>> {
    return (this.#known ??= readKnown(this.#path));
  }

  async #hash(
    path: string,
    { onRead, signal }: { onRead: (bytes: number) => void; signal: AbortSignal },
  ): Promise<string> {
    await using file = await open(path);
    const buffer = this.#buffers.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    const hash = createHash("sha256");
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      onRead(bytesRead);
    }
    this.#buffers.push(buffer);
    return hash.digest("hex");
  }

  /** Writes down what is new. What cannot be written is found out again next time. */
  async save(): Promise<void> {
    if (!this.#hasNew || this.#path === undefined) return;
    const draft = `${this.#path}.${randomBytes(4).toString("hex")}`;
    const lines = [...(await this.#recall())]
      .slice(-maxFiles)
      .map(([name, { identity, sha256 }]) => `${sha256} ${identity} ${name}\n`);
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(draft, lines.join(""), { mode: 0o600 });
      await rename(draft, this.#path);
      this.#hasNew = false;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }
}

async function readKnown(path: string | undefined): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  for (const line of path === undefined ? [] : await linesOf(path)) {
    const [, sha256, identity, name] = entry.exec(line) ?? [];
    if (sha256 === undefined || identity === undefined || name === undefined) continue;
    known.set(name, { identity, sha256 });
  }
  return known;
}

async function linesOf(path: string): Promise<string[]> {
  try {
    const { size } = await stat(path);
    return size > maxCacheBytes ? [] : (await readFile(path, "utf8")).split("\n");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}
