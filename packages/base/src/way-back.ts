/**
 * How to take back, step by step, what was done so far: each step that is done is followed by an `add` of what undoes
 * it. A step that fails stays, with those before it, for the next try.
 */
export class WayBack {
  #steps: (() => void | Promise<void>)[] = [];

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  add(undo: () => void | Promise<void>): void {
    this.#steps.push(undo);
  }

  /** Undoes what was added, the last first. @throws what a step throws; a call without steps does nothing */
  async go(): Promise<void> {
    for (let step = this.#steps.at(-1); step !== undefined; step = this.#steps.at(-1)) {
      await step();
      this.#steps.pop();
    }
  }

  /** There is no way back any more: what was done stays. */
  forget(): void {
    this.#steps = [];
  }
}
