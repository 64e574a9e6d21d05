/** What is done of all large bodies together, before everything else has its turn: a few milliseconds of work. */
const bytesOfTurn = 1024 * 1024;

/** Lets large bodies be read one after the other, a bounded number of bytes in each turn of the event loop. */
export class BodyTurns {
  #waiting: { bytes: number; go: () => void }[] = [];

  /** Resolves in a turn with room for more, in the order of those who ask; `bytes` have been read in the last. */
  next(bytes: number): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ bytes, go });
      if (this.#waiting.length === 1) this.#schedule();
    });
  }

  #schedule(): void {
    setImmediate(() => {
      let count = 0;
      for (let bytes = 0; count < this.#waiting.length && bytes < bytesOfTurn; count++)
        bytes += this.#waiting[count]?.bytes ?? 0;
      const going = this.#waiting.splice(0, count);
      if (this.#waiting.length > 0) this.#schedule();
      for (const { go } of going) go();
    });
  }
}
