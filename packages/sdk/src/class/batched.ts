import { markMethod } from "./decorators.ts";
import type { Batch, BatchedFunction, Batching, TakesBatch } from "../batch/batch.ts";

/** Marks a method whose parameters are a `Batch` each. */
export interface BatchedDecorator {
  <F extends (...lists: Batch<never>[]) => ReturnType<BatchedFunction>>(
    value: F & (TakesBatch<F> extends true ? unknown : "Give each parameter the type Batch<…>."),
    context: ClassMethodDecoratorContext,
  ): void;
  /** How "experimentalDecorators" checks it. */
  (prototype: object, name: string, descriptor: PropertyDescriptor): void;
}

/**
 * The method can be called from outside, one input a call, and runs on many inputs at once: it gets a list for each of its
 * parameters, all of one length, and returns a list with a result for each input, in their order. An `Error` in a result's place
 * fails that input alone; what it throws fails all of them. A class has one such method, and then no other
 * with `@method()`, `@web()` or `@webServer()`.
 *
 * @throws AppError OPTION_INVALID and METHOD_BESIDE_BATCHED when its app takes the class
 * @example
 * @app.cls()
 * class Sentiment {
 *   @batched({ maxBatchSize: 32, waitMs: 50 })
 *   async predict(texts: Batch<string>) {
 *     return texts.map((text) => text.length);
 *   }
 * }
 * const { predict } = app.instance(Sentiment); // predict.remote("one text") gives a Promise<number>
 */
export function batched(batching: Batching): BatchedDecorator {
  return markMethod("batched", arguments, { kind: "method", batching }) as BatchedDecorator;
}
