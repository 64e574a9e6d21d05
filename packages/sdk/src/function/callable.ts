import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import { FunctionCall } from "./function-call.ts";
import { invokeGenerator } from "./generator-invocation.ts";
import { noteCall } from "./open-calls.ts";
import { invoke, spawn, type InvokeOptions, type Target } from "./invocation.ts";
import { invokeMap, type MapOptions } from "./map-invocation.ts";

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
  /** Like `map`, for the effects alone. Resolves when all are done; rejects with the first error. */
  forEach(
    items: Iterable<Parameters<F>[0]> | AsyncIterable<Parameters<F>[0]>,
    options?: InvokeOptions,
  ): Promise<void>;
}

/** Where a callable leads, found out at its first use. */
export interface CallableTarget {
  /** What people call it. */
  name: string;
  resolve(): Promise<Target>;
  isGenerator(): Promise<boolean> | boolean;
}

/** The remote forms of a function, on whatever `target` turns out to be. */
export function callable<F extends AnyFunction>(target: CallableTarget): Callable<F> {
  return {
    remote: ((...args: unknown[]) => remote(target, args)) as Callable<F>["remote"],
    async spawn(...args) {
      const end = noteCall(target.name, "spawn");
      try {
        await refuseGenerator(target, "spawn");
        return new FunctionCall(await spawn(await target.resolve(), args));
      } finally {
        end();
      }
    },
    map: (items, options) =>
      readOnce(noteCall(target.name, "map"), mapOver(target, each(items), options)) as never,
    starmap: (items, options) =>
      readOnce(
        noteCall(target.name, "starmap"),
        mapOver(target, items as Iterable<unknown[]>, options),
      ) as never,
    async forEach(items, options) {
      const end = noteCall(target.name, "forEach");
      try {
        const results = mapOver(target, each(items), { ...options, ordered: false });
        for await (const result of results) void result;
      } finally {
        end();
      }
    },
  };
}

// Only the server knows whether a function that was looked up by name is a generator: then the result can be awaited and
// iterated alike.
function remote(target: CallableTarget, args: unknown[]): unknown {
  const generator = target.isGenerator();
  if (generator === true) return items(target, args);
  if (generator === false) return value(target, args);
  const result = generator.then((yields) => (yields ? items(target, args) : value(target, args)));
  return Object.assign(result, { [Symbol.asyncIterator]: () => itemsOf(result) });
}

async function value(target: CallableTarget, args: unknown[]): Promise<unknown> {
  const end = noteCall(target.name, "remote");
  try {
    return await invoke(await target.resolve(), args);
  } finally {
    end();
  }
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

async function* items(target: CallableTarget, args: unknown[]): AsyncGenerator<unknown> {
  yield* invokeGenerator(await target.resolve(), args);
}

async function* mapOver(
  target: CallableTarget,
  inputs: Iterable<unknown[]> | AsyncIterable<unknown[]>,
  options?: MapOptions,
): AsyncGenerator<unknown> {
  await refuseGenerator(target, "map");
  yield* invokeMap(await target.resolve(), inputs, options);
}

async function* each(inputs: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown[]> {
  for await (const input of inputs) yield [input];
}
