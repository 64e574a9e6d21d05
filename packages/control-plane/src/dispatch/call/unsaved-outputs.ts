import type { CallStore } from "./call-store.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";

/** Finished inputs whose output is not known to be on disk. */
export class UnsavedOutputs {
  readonly #store: Pick<CallStore, "save">;
  readonly #inputs = new Map<string, CallInput>();

  constructor(store: Pick<CallStore, "save">) {
    this.#store = store;
  }

  add(input: CallInput): void {
    this.#inputs.set(input.inputId, input);
  }

  /** The calls that they are of. */
  calls(): ReadonlySet<FunctionCall> {
    return new Set([...this.#inputs.values()].map((input) => input.call));
  }

  /** Resolves when the output is durable, writing it again if that failed before; at once for one that is. */
  async save(inputId: string): Promise<void> {
    const input = this.#inputs.get(inputId);
    if (!input) return;
    // Its reader has it already, and its container goes on with the next input meanwhile.
    await this.#store.save(input, { patient: true });
    this.#inputs.delete(inputId);
  }

  /** Saves all, and throws the first failure when all were tried. */
  async saveAll(): Promise<void> {
    const saved = await Promise.allSettled([...this.#inputs.keys()].map((inputId) => this.save(inputId)));
    const failed = saved.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  }
}
