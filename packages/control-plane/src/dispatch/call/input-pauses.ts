import type { CallInput } from "./function-call.ts";

/** Inputs whose next attempt is put off for a while. */
export class InputPauses implements Disposable {
  readonly #onOver: (input: CallInput) => void;
  readonly #timers = new Map<CallInput, NodeJS.Timeout>();

  /** `onOver` is told of each whose pause has passed. */
  constructor(onOver: (input: CallInput) => void) {
    this.#onOver = onOver;
  }

  begin(input: CallInput, delayMs: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(input);
        this.#onOver(input);
      },
      Math.max(0, delayMs),
    );
    this.#timers.set(input, timer);
  }

  /** There will be no next attempt. */
  end(input: CallInput): void {
    clearTimeout(this.#timers.get(input));
    this.#timers.delete(input);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
