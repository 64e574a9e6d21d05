import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { likeDirectory } from "./upper-directory.ts";

/** Where an overlay puts what is written to it, with the directory that the kernel wants beside. */
export class WritableDirectory {
  readonly path: string;
  readonly upper: string;
  readonly work: string;

  private constructor(path: string) {
    this.path = path;
    this.upper = join(path, "upper");
    this.work = join(path, "work");
  }

  /** Makes one for an overlay of the directories `lower`, lowest first. */
  static async make(path: string, lower: readonly string[]): Promise<WritableDirectory> {
    const writable = new WritableDirectory(path);
    await mkdir(writable.upper, { recursive: true });
    await mkdir(writable.work, { recursive: true });
    // The topmost directory's mode and owner are what the volume's root shows.
    const top = lower.at(-1);
    if (top !== undefined) await likeDirectory(top, writable.upper);
    return writable;
  }

  /** Asked at the end of every input: a small directory is read sooner than a thread for it is woken. */
  get holdsSomething(): boolean {
    return readdirSync(this.upper).length > 0;
  }
}
