// That it type-checks is the test: nothing runs it.
import { App, Function, FunctionCall, keywords } from "@dorian/sdk";
import { expectTypeOf } from "vitest";

const app = new App("types");

const train = app.function({ name: "train", gpu: "H100:2" }, async (modelId: string, epochs = 1) => ({
  modelId,
  loss: 1 / epochs,
}));
const countTo = app.function({ name: "count-to" }, async function* (limit: number) {
  for (let number = 1; number <= limit; number++) yield number;
});

/** A result is awaited once, whether the function was asynchronous or not. */
export async function results() {
  expectTypeOf(train.remote("iris-b")).toEqualTypeOf<Promise<{ modelId: string; loss: number }>>();
  expectTypeOf(app.function({ name: "now" }, () => 1).remote()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(train.local("iris-b")).resolves.toEqualTypeOf<{ modelId: string; loss: number }>();
  expectTypeOf(await train.spawn("iris-b")).toEqualTypeOf<FunctionCall<{ modelId: string; loss: number }>>();
  expectTypeOf((await train.spawn("iris-b")).get()).resolves.toHaveProperty("loss");
  expectTypeOf(FunctionCall.fromId<number>("fc-1").get({ timeoutMs: 5 })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(FunctionCall.fromId("fc-1").get()).toEqualTypeOf<Promise<unknown>>();
}

export function argumentsAreChecked() {
  // @ts-expect-error: the model's id is missing
  void train.remote();
  // @ts-expect-error: an id is a text
  void train.remote(1);
  // @ts-expect-error: there is no third argument
  void train.remote("iris-b", 2, 3);
  // @ts-expect-error: an id is a text
  void train.spawn(1);
}

/** A generator yields its items, and is not awaited. */
export async function generators() {
  expectTypeOf(countTo.remote(3)).toEqualTypeOf<AsyncGenerator<number>>();
  for await (const number of countTo.remote(3)) expectTypeOf(number).toEqualTypeOf<number>();
  // @ts-expect-error: a generator has no result to wait for
  void countTo.remote(3).then(() => {});
}

/** The items of a map are first arguments, those of a starmap all of them. */
export function maps() {
  expectTypeOf(train.map(["iris-a", "iris-b"])).toEqualTypeOf<
    AsyncGenerator<{ modelId: string; loss: number }>
  >();
  expectTypeOf(train.starmap([["iris-a", 2]], { ordered: false })).toExtend<
    AsyncIterable<{ loss: number }>
  >();
  expectTypeOf(train.forEach(["iris-a"])).toEqualTypeOf<Promise<void>>();
  const endless = (async function* () {
    for (;;) yield "iris-a";
  })();
  expectTypeOf(train.map(endless)).toExtend<AsyncIterable<{ loss: number }>>();
  // @ts-expect-error: items are ids
  train.map([1, 2]);
  // @ts-expect-error: the second argument is a number
  train.starmap([["iris-a", "two"]]);
}

/** A function of another app has the type that it is looked up with: of its code, or of its handle. */
export async function lookedUp() {
  const known = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train");
  expectTypeOf(known.remote("iris-b")).toEqualTypeOf<Promise<number>>();
  const ofHandle = Function.fromName<typeof countTo>("quickstart", "count-to");
  expectTypeOf(ofHandle.remote(3)).toEqualTypeOf<AsyncGenerator<number>>();
  const python = Function.fromName("trainer", "train");
  expectTypeOf(await python.remote("iris-b", keywords({ epochs: 20 }))).toEqualTypeOf<unknown>();
  // @ts-expect-error: an id is a text
  void known.remote(3);
  // @ts-expect-error: what is not known has to be looked at before it is used
  void (await python.remote()).length;
}

export function optionsAreChecked() {
  // @ts-expect-error: there is no such option
  app.function({ name: "misspelt", gpus: 1 }, async () => {});
  // @ts-expect-error: seconds are a number
  app.function({ name: "text", timeout: "5 minutes" }, async () => {});
  // @ts-expect-error: a limit needs what is set aside as well
  app.function({ name: "half", cpu: { limit: 2 } }, async () => {});
  // @ts-expect-error: there are two runtimes
  app.function({ name: "runtime", runtime: "docker" }, async () => {});
  // @ts-expect-error: the code is missing
  app.function({ name: "empty" });
}

// A local entrypoint's options have the types of their defaults.
new App("options").localEntrypoint(async ({ rounds = 1, name = "a" } = {}) => {
  expectTypeOf(rounds).toEqualTypeOf<number>();
  expectTypeOf(name).toEqualTypeOf<string>();
});
const entrypoint = new App("required").localEntrypoint(async (path: string, limit = 1) => path.slice(limit));
expectTypeOf(entrypoint).toEqualTypeOf<(path: string, limit?: number) => Promise<string>>();
