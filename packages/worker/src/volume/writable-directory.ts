import { readdirSync } from "node:fs";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DirectoryOwner } from "./covered-directories.ts";
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

  static async make(path: string): Promise<WritableDirectory> {
    const writable = new WritableDirectory(path);
    await mkdir(writable.upper, { recursive: true });
    await mkdir(writable.work, { recursive: true });
    return writable;
  }

  /** Takes the mode and owner that the volume's root is to show: those of the topmost directory below, or of `otherwise`. */
  async takeOwner(lower: readonly string[], otherwise: string | DirectoryOwner | undefined): Promise<void> {
    const like = lower.at(-1) ?? otherwise;
    if (typeof like === "string") return await likeDirectory(like, this.upper);
    if (!like) return;
    await chown(this.upper, like.uid, like.gid);
    await chmod(this.upper, like.mode);
  }

  /** Asked at the end of every input: a small directory is read sooner than a thread for it is woken. */
  get holdsSomething(): boolean {
    return readdirSync(this.upper).length > 0;
  }
}
