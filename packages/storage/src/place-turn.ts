/** The right to write one place of a file. Who loses it goes on without writing. */
export class PlaceTurn {
  #writing: Promise<void> = Promise.resolve();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Does the work unless the turn is over. */
  async write(work: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    this.#writing = work();
    await this.#writing;
  }

  /** Ends the turn; resolves when what was being written is. Never throws. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#writing.catch(() => undefined);
  }
}
