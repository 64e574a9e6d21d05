import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import { FunctionCall } from "./function-call.ts";
import { invokeGenerator } from "./generator-invocation.ts";
import { noteCall } from "./open-calls.ts";
import { invoke, spawn, type InvokeOptions, type Target } from "./invocation.ts";
import { invokeMap, spawnMap, type MapOptions } from "./map-invocation.ts";

/** What a generator yields, by what its function returns. */
export type Yielded<R> = R extends AsyncIterable<infer Y> ? Y : R extends Iterable<infer Y> ? Y : never;
/** Whether what a function returns makes it a generator. */
export type IsGenerator<R> = R extends AsyncGenerator<unknown> | Generator<unknown> ? true : false;

/** What `remote` gives back: a promise of the result, or for a generator what it yields. */
export type RemoteResult<F extends AnyFunction> =
  IsGenerator<ReturnType<F>> extends true
    ? AsyncGenerator<Yielded<ReturnType<F>>>
    : Promise<Awaited<ReturnType<F>>>;

/** Something that runs in a container: a function, or a method of a class's instance. */
export interface Callable<F extends AnyFunction> {
  /**
   * Runs it in a container and waits for the result, however long that takes; a generator's items arrive as they are yielded.
   *
   * @throws what the code threw, or a `RemoteError` with its class and message; FunctionTimeoutError
   */
  remote(...args: Parameters<F>): RemoteResult<F>;
  /**
   * Starts it in a container, and resolves when the server has the call for good, not when it is done.
   *
   * @throws AppError GENERATOR_NOT_CALLABLE_SO
   */
  spawn(...args: Parameters<F>): Promise<FunctionCall<Awaited<ReturnType<F>>>>;
  /**
   * Runs it once per item, many at a time. The item is the first argument.
   *
   * @throws the first error, unless `returnExceptions`; AppError GENERATOR_NOT_CALLABLE_SO
   */
  map(
    items: Iterable<Parameters<F>[0]> | AsyncIterable<Parameters<F>[0]>,
    options?: MapOptions,
  ): AsyncGenerator<Awaited<ReturnType<F>>>;
  /** Like `map`, with an array of all arguments for each call. */
  starmap(
    items: Iterable<Parameters<F>> | AsyncIterable<Parameters<F>>,
    options?: MapOptions,
  ): AsyncGenerator<Awaited<ReturnType<F>>>;
  /** Like `map`, for the effects alone. Resolves when all are done; rejects with the first error, unless `ignoreExceptions`. */
  forEach(
    items: Iterable<Parameters<F>[0]> | AsyncIterable<Parameters<F>[0]>,
    options?: ForEachOptions,
  ): Promise<void>;
  /**
   * Starts it once per item, and resolves when the server has all of the inputs for good, not when they are done. The results are
   * `results()` of the call.
   *
   * @throws AppError GENERATOR_NOT_CALLABLE_SO
   */
  spawnMap(
    items: Iterable<Parameters<F>[0]> | AsyncIterable<Parameters<F>[0]>,
    options?: InvokeOptions,
  ): Promise<FunctionCall<Awaited<ReturnType<F>>>>;
  /**
   * The same, with calls that are cancelled when `signal` aborts, and reject with its reason. What `spawn` and `spawnMap` have started
   * goes on.
   */
  withSignal(signal: AbortSignal): Callable<F>;
}

/** How `forEach` calls. */
export interface ForEachOptions extends InvokeOptions {
  /** Go on when a call fails; default false. */
  ignoreExceptions?: boolean;
}

/** Where a callable leads, found out at its first use. */
export interface CallableTarget {
  /** What people call it. */
  name: string;
  resolve(): Promise<Target>;
  isGenerator(): Promise<boolean> | boolean;
}

/** The remote forms of a function, on whatever `target` turns out to be. */
export function callable<F extends AnyFunction>(
  target: CallableTarget,
  general: InvokeOptions = {},
): Callable<F> {
  return {
    remote: ((...args: unknown[]) => remote(target, args, general)) as Callable<F>["remote"],
    async spawn(...args) {
      using _ = noted(target, "spawn");
      await refuseGenerator(target, "spawn");
      const found = await target.resolve();
      general.signal?.throwIfAborted();
      return new FunctionCall(await spawn(found, args));
    },
    map: (items, options) =>
      readOnce(
        noteCall(target.name, "map"),
        mapOver(target, each(items), together(general, options)),
      ) as never,
    starmap: (items, options) =>
      readOnce(
        noteCall(target.name, "starmap"),
        mapOver(target, items as Iterable<unknown[]>, together(general, options)),
      ) as never,
    async forEach(items, { ignoreExceptions: returnExceptions = false, ...options } = {}) {
      using _ = noted(target, "forEach");
      const how = { ...together(general, options), ordered: false, returnExceptions };
      for await (const result of mapOver(target, each(items), how)) void result;
    },
    async spawnMap(items, options) {
      using _ = noted(target, "spawnMap");
      await refuseGenerator(target, "spawnMap");
      const how = together(general, options);
      return new FunctionCall(await spawnMap(await target.resolve(), each(items), how));
    },
    withSignal: (signal) => callable<F>(target, together(general, { signal })),
  };
}

/** Options of one call beside those of all: what aborts either cancels it. */
function together<O extends InvokeOptions>(general: InvokeOptions, options: O | undefined): O {
  const signals = [general.signal, options?.signal].filter((signal) => signal !== undefined);
  return { ...options, ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}) } as O;
}

function noted(target: CallableTarget, form: Parameters<typeof noteCall>[1]): Disposable {
  return { [Symbol.dispose]: noteCall(target.name, form) };
}

// Only the server knows whether a function that was looked up by name is a generator: then the result can be awaited and
// iterated alike.
function remote(target: CallableTarget, args: unknown[], options: InvokeOptions): unknown {
  const generator = target.isGenerator();
  if (generator === true) return items(target, args, options);
  if (generator === false) return value(target, args, options);
  const result = generator.then((yields) =>
    yields ? items(target, args, options) : value(target, args, options),
  );
  return Object.assign(result, { [Symbol.asyncIterator]: () => itemsOf(result) });
}

async function value(target: CallableTarget, args: unknown[], options: InvokeOptions): Promise<unknown> {
  using _ = noted(target, "remote");
  return await invoke(await target.resolve(), args, options);
}

/** The results of a map; `begun` is called when the first is asked for. */
async function* readOnce<T>(begun: () => void, results: AsyncGenerator<T>): AsyncGenerator<T> {
  begun();
  yield* results;
}

async function* itemsOf(result: Promise<unknown>): AsyncGenerator<unknown> {
  const found = await result;
  if (typeof found === "object" && found !== null && Symbol.asyncIterator in found) {
    yield* found as AsyncIterable<unknown>;
    return;
  }
  throw new AppError(
    "FUNCTION_NOT_A_GENERATOR",
    "The function returned one value instead of yielding values.",
    {
      status: "INVALID_ARGUMENT",
      remedy: "Await the call instead of iterating over it.",
    },
  );
}

async function refuseGenerator(target: CallableTarget, form: string): Promise<void> {
  if (!(await target.isGenerator())) return;
  throw new AppError("GENERATOR_NOT_CALLABLE_SO", `A generator cannot be called with ${form}().`, {
    status: "INVALID_ARGUMENT",
    remedy: "Iterate over remote(): for await (const item of f.remote(…)) { … }",
  });
}

async function* items(
  target: CallableTarget,
  args: unknown[],
  options: InvokeOptions,
): AsyncGenerator<unknown> {
  yield* invokeGenerator(await target.resolve(), args, options);
}

async function* mapOver(
  target: CallableTarget,
  inputs: Iterable<unknown[]> | AsyncIterable<unknown[]>,
  options?: MapOptions,
): AsyncGenerator<unknown> {
  await refuseGenerator(target, "map");
  yield* invokeMap(await target.resolve(), inputs, options);
}

/** The inputs as arguments. No generator, of which `return` would wait for an input that may never come. */
function each(inputs: Iterable<unknown> | AsyncIterable<unknown>): AsyncIterable<unknown[]> {
  return {
    [Symbol.asyncIterator]() {
      const iterator =
        Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
      return {
        async next() {
          const { done, value } = await iterator.next();
          return done ? { done, value: undefined } : { done: false, value: [await value] };
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
