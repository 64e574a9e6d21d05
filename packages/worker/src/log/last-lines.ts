import type { LogOutbox, LogSource } from "./log-outbox.ts";

/** How long the end of something waits for its last lines to leave, in milliseconds: its callers wait for it. */
const lastLinesMs = 5_000;

/** Has the end of something told after its last lines, unless the server cannot take them. */
export class LastLines {
  #outbox: LogOutbox;
  #signal: AbortSignal;
  #telling = new Set<Promise<void>>();

  constructor(outbox: LogOutbox, { signal }: { signal: AbortSignal }) {
    this.#outbox = outbox;
    this.#signal = signal;
  }

  /** Calls `tell` when the lines of a source have left. */
  tellAfter(source: LogSource, tell: () => void): void {
    const told = this.#outbox
      .allSent(source, { timeoutMs: lastLinesMs, signal: this.#signal })
      .catch(() => undefined)
      .then(tell)
      .finally(() => this.#telling.delete(told));
    this.#telling.add(told);
  }

  /** Resolves when all that waited has been told. */
  async allTold(): Promise<void> {
    await Promise.all(this.#telling);
  }
}
