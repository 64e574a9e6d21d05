import type { AnyFunction } from "../any-function.ts";

/** How inputs are gathered into batches. */
export interface Batching {
  /** Inputs that one run gets, at most: 1 to 1000. */
  maxBatchSize: number;
  /** Milliseconds that the first input of a batch waits for others: 0 to 600,000. */
  waitMs: number;
}

/**
 * One parameter of a batched method: its values, one for each input of the batch. It tells the compiler that callers pass one value
 * where the method takes a list. Any array may be passed for it.
 *
 * @example
 * class Doubler {
 *   async double(numbers: Batch<number>) {
 *     return numbers.map((number) => number * 2);
 *   }
 * }
 * app.cls({}, Doubler, { batched: { double: { maxBatchSize: 4, waitMs: 100 } } });
 * const { double } = app.instance(Doubler); // double.remote(3) gives a Promise<number>
 */
export type Batch<T> = readonly T[] & { readonly "dorian.batch"?: true };

/** What runs on a batch: a list for each parameter, and back a list with a result for each input. */
export type BatchedFunction = (...lists: never[][]) => readonly unknown[] | Promise<readonly unknown[]>;

/** A batched function as its callers see it: one value for each parameter, and one result. */
export type OneByOne<F extends AnyFunction> = (
  ...args: ElementsOf<Parameters<F>>
) => Promise<Exclude<ElementOf<Awaited<ReturnType<F>>>, Error>>;

/** What lists hold, of each one. */
export type ElementsOf<Lists extends readonly unknown[]> = { [K in keyof Lists]: ElementOf<Lists[K]> };
/** What a list holds. */
export type ElementOf<List> = List extends readonly (infer T)[] ? T : never;

/** Whether the parameters of a method are a `Batch` each. */
export type TakesBatch<F extends AnyFunction> =
  Parameters<F> extends [infer First, ...unknown[]]
    ? "dorian.batch" extends keyof First
      ? true
      : false
    : false;

/** A method as callers of an instance see it. */
export type MethodAsCalled<F extends AnyFunction> = TakesBatch<F> extends true ? OneByOne<F> : F;
