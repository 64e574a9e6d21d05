import type { CallInput } from "./function-call.ts";

/**
 * Inputs on their way to the disk. One that does not get there was not accepted and is forgotten: its caller is told so,
 * and a repetition of the request brings it anew. A container may have got it already; then it is kept, and the
 * repetition finds it.
 */
export class Acceptance {
  #forget: (input: CallInput) => void;
  /** How many requests want each of them written. */
  #wanted = new Map<CallInput, number>();

  constructor(forget: (input: CallInput) => void) {
    this.#forget = forget;
  }

  /** Resolves when `writes` have made the inputs durable. */
  async of(inputs: readonly CallInput[], writes: readonly Promise<void>[]): Promise<void> {
    for (const input of inputs) this.#wanted.set(input, (this.#wanted.get(input) ?? 0) + 1);
    const settled = await Promise.allSettled(writes);
    for (const input of inputs) {
      const others = (this.#wanted.get(input) ?? 1) - 1;
      if (others > 0) {
        this.#wanted.set(input, others);
        continue;
      }
      this.#wanted.delete(input);
      if (!input.saved && !isOut(input)) this.#forget(input);
    }
    for (const each of settled) if (each.status === "rejected") throw each.reason;
  }
}

function isOut({ state }: CallInput): boolean {
  return state.kind === "running" || state.kind === "finished";
}
