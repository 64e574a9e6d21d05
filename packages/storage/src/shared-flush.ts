import { Turns } from "@dorian/base/turns";

/** Flushes for all who ask meanwhile at once: each waits for a flush that began after it asked, and there is one at a time. */
export class SharedFlush {
  #turns = new Turns();
  #next: Promise<void> | undefined;

  /** `flush` is that of the first who asks. */
  run(flush: () => Promise<void>): Promise<void> {
    this.#next ??= this.#turns.take(() => {
      this.#next = undefined;
      return flush();
    });
    return this.#next;
  }
}
