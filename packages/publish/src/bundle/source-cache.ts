import { unlessAbsent } from "@dorian/base/unless-absent";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Entries that are kept: some 20 KiB each, for more files than one project has. */
const maxEntries = 2_000;
/** Cleaning looks at every entry, so it is done once for this many new ones. */
const newEntriesPerCleaning = 100;

/** Text by key in files, kept between runs: what it holds can always be made again. */
export class SourceCache {
  #directory: string;
  #added = 0;

  /** What is read from `directory` becomes code: nobody else must be able to write there. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(key: string): Promise<string | undefined> {
    const path = join(this.#directory, key);
    const text = await unlessAbsent(readFile(path, "utf8"));
    if (text === undefined) return undefined;
    const now = new Date();
    // Tells the cleaning that it is in use.
    await utimes(path, now, now).catch(() => undefined);
    return text;
  }

  async set(key: string, text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (this.#added % newEntriesPerCleaning === 0) await this.#clean();
    this.#added += 1;
    const draft = join(this.#directory, `${randomUUID()}.draft`);
    await writeFile(draft, text);
    await rename(draft, join(this.#directory, key));
  }

  async #clean(): Promise<void> {
    const names = await readdir(this.#directory);
    if (names.length <= maxEntries) return;
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name);
        return { path, usedAt: (await unlessAbsent(stat(path)))?.mtimeMs ?? 0 };
      }),
    );
    const oldest = entries.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, names.length - maxEntries);
    for (const { path } of oldest) await rm(path, { force: true });
  }
}
