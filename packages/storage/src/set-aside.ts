import { isAbsence } from "@dorian/base/unless-absent";
import { Turns } from "@dorian/base/turns";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { sleep } from "@dorian/base/sleep";
import { removeTree } from "@dorian/linux/remove-tree";

/** Told of a tree that could not be removed: it stays where it is until the next start tries again. */
export type OnLeftover = (leftover: { path: string; error: unknown }) => void;

/** Milliseconds that the end of a process waits for what is still being removed. */
const endPatienceMs = 2_000;

/**
 * Where trees go that nobody wants any more. They are out of the way at once, by a rename, and removed here one after
 * the other: nobody waits for it, however large or strange they are, and none can keep anything from starting or ending.
 */
export class SetAside implements AsyncDisposable {
  readonly #directory: string;
  readonly #onLeftover: OnLeftover;
  readonly #stop = new AbortController();
  #removing = new Turns();

  private constructor(directory: string, onLeftover: OnLeftover) {
    this.#directory = directory;
    this.#onLeftover = onLeftover;
  }

  /** Opens a directory for it, made if absent, and begins to remove what earlier processes left there. */
  static async open(directory: string, options: { onLeftover: OnLeftover }): Promise<SetAside> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const aside = new SetAside(directory, options.onLeftover);
    for (const name of await readdir(directory, { encoding: "buffer" })) {
      aside.#remove(join(directory, name.toString()));
    }
    return aside;
  }

  /** Takes a tree out of the way; none there is fine. Never throws: what stays where it is is reported. */
  readonly put = async (path: string): Promise<void> => {
    const place = join(this.#directory, `${basename(path)}-${randomBytes(8).toString("hex")}`);
    try {
      await rename(path, place);
    } catch (error) {
      if (isAbsence(error)) return;
      // On another file system, or held in place by a mount.
      await removeTree(path).catch((cause: unknown) => this.#onLeftover({ path, error: cause }));
      return;
    }
    this.#remove(place);
  };

  /** Resolves once all that was put here so far is removed or reported, and after `patienceMs` in any case. */
  async emptied(patienceMs: number): Promise<void> {
    const waited = new AbortController();
    await Promise.race([this.#removing.settled(), sleep(patienceMs, waited)]);
    waited.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emptied(endPatienceMs);
    this.#stop.abort();
    await this.#removing.settled();
  }

  #remove(path: string): void {
    const { signal } = this.#stop;
    void this.#removing.take(async () => {
      if (signal.aborted) return;
      await removeTree(path, { signal }).catch((error: unknown) => {
        if (!signal.aborted) this.#onLeftover({ path, error });
      });
    });
  }
}
