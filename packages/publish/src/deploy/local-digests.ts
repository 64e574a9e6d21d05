import { createHash, randomBytes } from "node:crypto";
import { createReadStream, type BigIntStats } from "node:fs";
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { wallClockMs } from "@dorian/base/wall-clock";
import { localFileChanged, withLocalFile } from "@dorian/sdk/local/local-file-error";

/** Beyond it the ones not used for longest go: about 20 MB. */
const maxFiles = 100_000;
const maxCacheBytes = 64 * 1024 * 1024;
/** A file that changed so shortly before it was read, in milliseconds, may change again without showing it: some file systems count in two seconds. */
const settledMs = 3_000;

const entry = /^([0-9a-f]{64}) (\S+) (.+)$/;

/**
 * Digests of files of this machine, remembered in a file: what has the place, size, times and inode that it had has the content that it had.
 * The file may vanish, be damaged, or be written by several at once: then more is read than had to be.
 */
export class LocalDigests {
  #path: string | undefined;
  /** By path, those used last at the end. */
  #known = new Map<string, { identity: string; sha256: string }>();
  #hasNew = false;

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Without a path nothing is remembered. */
  static async open(path: string | undefined): Promise<LocalDigests> {
    const digests = new LocalDigests(path);
    for (const line of path === undefined ? [] : await linesOf(path)) {
      const [, sha256, identity, name] = entry.exec(line) ?? [];
      if (sha256 === undefined || identity === undefined || name === undefined) continue;
      digests.#known.set(name, { identity, sha256 });
    }
    return digests;
  }

  /**
   * The SHA-256 of a file's content, in hex.
   *
   * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, LOCAL_FILE_CHANGED
   */
  async digest(
    path: string,
    stats: BigIntStats,
    options: { onRead: (bytes: number) => void; signal: AbortSignal },
  ): Promise<string> {
    return await withLocalFile(path, "read", async () => {
      const name = await realpath(path);
      const identity = identityOf(stats);
      const known = this.#known.get(name);
      this.#known.delete(name);
      if (known?.identity === identity) {
        this.#known.set(name, known);
        options.onRead(Number(stats.size));
        return known.sha256;
      }
      const startedAtMs = wallClockMs();
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(path, { signal: options.signal })) {
        hash.update(chunk as Buffer);
        options.onRead((chunk as Buffer).length);
      }
      if (identityOf(await stat(path, { bigint: true })) !== identity) throw localFileChanged(path);
      const sha256 = hash.digest("hex");
      const changedAt = stats.mtimeMs > stats.ctimeMs ? stats.mtimeMs : stats.ctimeMs;
      if (startedAtMs - Number(changedAt) > settledMs && !/[\r\n]/.test(name)) {
        this.#known.set(name, { identity, sha256 });
        this.#hasNew = true;
      }
      return sha256;
    });
  }

  /** Writes down what is new. What cannot be written is found out again next time. */
  async save(): Promise<void> {
    if (!this.#hasNew || this.#path === undefined) return;
    const draft = `${this.#path}.${randomBytes(4).toString("hex")}`;
    const lines = [...this.#known]
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
