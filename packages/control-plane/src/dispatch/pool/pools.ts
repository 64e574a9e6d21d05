import type { InputQueues } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { scalingSettingsOf } from "../scaling/scaling-settings.ts";

export type PoolsOptions = Omit<PoolOptions, "functionId" | "usualStartMs" | "onStart">;

/** What a start takes as long as none was seen: that of a small function. */
const firstGuessMs = 1_000;

/** One pool for each function that has inputs or containers. */
export class Pools implements Disposable, InputQueues {
  #options: PoolsOptions;
  #pools = new Map<string, Pool>();
  #unsubscribe: () => void;
  /** What the last function that started took. */
  #startMs = firstGuessMs;

  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#unsubscribe = options.catalog.onChange((functionIds) => {
      for (const functionId of functionIds) this.#keepMinimum(functionId);
    });
  }

  lookup(functionId: string): Pool | undefined {
    return this.#pools.get(functionId);
  }

  of(functionId: string): Pool {
    const known = this.#pools.get(functionId);
    if (known) return known;
    const pool = new Pool({
      ...this.#options,
      functionId,
      usualStartMs: () => this.#startMs,
      onStart: (startMs) => (this.#startMs = startMs),
    });
    this.#pools.set(functionId, pool);
    return pool;
  }

  enqueue(input: CallInput, options: { again: boolean }): void {
    this.of(input.call.facts.functionId).enqueue(input, options);
  }

  forget(input: CallInput): void {
    this.lookup(input.call.facts.functionId)?.forget(input);
  }

  /** The caller of an input has the whole answer. */
  answered(input: CallInput): void {
    this.#pools.get(input.call.facts.functionId)?.answered(input);
  }

  /** Starts what functions keep without being called. */
  keepMinimums(): void {
    for (const spec of this.#options.catalog.activeSpecs()) this.#keepMinimum(spec.functionId);
  }

  /** Ends an input, wherever it is. Resolves when that is durable. */
  async cancel(input: CallInput, options: { terminateContainer: boolean; reason: string }): Promise<void> {
    await this.of(input.call.facts.functionId).cancel(input, options);
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
  }

  #keepMinimum(functionId: string): void {
    const spec = this.#options.catalog.spec(functionId);
    const mayKeep = spec && spec.active && !spec.isBuilder && spec.keepsUncalled;
    const wants = mayKeep && scalingSettingsOf(spec.definition).min > 0;
    (wants ? this.of(functionId) : this.#pools.get(functionId))?.evaluate();
  }
}
