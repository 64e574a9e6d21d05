import { expect, test } from "vitest";
import { App } from "../app/app.ts";
import { Cron, Period } from "../schedule/schedule.ts";
import type { Batch } from "../batch/batch.ts";
import { concurrent } from "./concurrent.ts";

const refused = (code: string) => expect.objectContaining({ code, status: "INVALID_ARGUMENT" });
const batching = { maxBatchSize: 4, waitMs: 100 };

class Model {
  async double(numbers: Batch<number>) {
    return numbers.map((number) => number * 2);
  }
  async clean() {}
  async report() {}
}

test("without decorators a method is batched, and runs by itself, as with them", () => {
  const app = new App("marks");
  app.cls({}, class Batched extends Model {}, { batched: { double: batching } });
  app.cls({}, class Timed extends Model {}, {
    methods: ["clean"],
    schedules: { clean: Period({ hours: 1 }) },
  });
  expect(app.registered.map((item) => item.kind === "class" && item.marks.marks)).toEqual([
    [{ kind: "method", name: "double", batching }],
    [{ kind: "method", name: "clean", schedule: Period({ hours: 1 }) }],
  ]);
});

test("a batched method is the only one of its class, and one method runs by itself", () => {
  const app = new App("refused");
  const beside = { batched: { double: batching }, methods: ["clean" as const] };
  expect(() => app.cls({}, Model, beside)).toThrow(refused("METHOD_BESIDE_BATCHED"));
  const withWeb = { batched: { double: batching }, web: { report: {} } };
  expect(() => app.cls({}, Model, withWeb as object)).toThrow(refused("METHOD_BESIDE_BATCHED"));
  const withServer = { batched: { double: batching }, webServers: { clean: { port: 8000 } } };
  expect(() => app.cls({}, Model, withServer)).toThrow(refused("METHOD_BESIDE_BATCHED"));
  const schedules = { clean: Period({ hours: 1 }), report: Cron("0 9 * * 1") };
  expect(() => app.cls({}, Model, { schedules })).toThrow(refused("METHODS_SCHEDULED"));
  expect(app.registered).toEqual([]);
});

test.for([
  { maxBatchSize: 0, waitMs: 1 },
  { maxBatchSize: 1001, waitMs: 1 },
  { maxBatchSize: 2, waitMs: -1 },
  {},
])("batches of %j are refused", (wrong) => {
  const app = new App("wrong");
  const options = { name: "f", batched: wrong as typeof batching };
  expect(() => app.function(options, async (n: number[]) => n)).toThrow(refused("OPTION_INVALID"));
  expect(() => app.cls({}, Model, { batched: { double: wrong as typeof batching } })).toThrow(
    refused("OPTION_INVALID"),
  );
});

test("a generator cannot be batched", () => {
  const run = async function* (numbers: number[]) {
    yield* numbers;
  };
  const options = { name: "f", batched: batching };
  expect(() => new App("generator").function(options, run as never)).toThrow(refused("GENERATOR_BATCHED"));
});

test("what is batched has no schedule", () => {
  const app = new App("scheduled");
  const every = Period({ hours: 1 });
  const options = { name: "f", batched: batching, schedule: every };
  expect(() => app.function(options as object, async () => [])).toThrow(refused("SCHEDULED_BATCHED"));
  const both = { batched: { double: batching }, schedules: { double: every } };
  expect(() => app.cls({}, Model, both as object)).toThrow(refused("SCHEDULED_BATCHED"));
});

test("what runs on batches runs here on a batch of one", async () => {
  const app = new App("local");
  const double = app.function({ name: "double", batched: batching }, async (numbers: number[]) =>
    numbers.map((number) => (number < 0 ? new RangeError("negative") : number * 2)),
  );
  expect(await double.local(4)).toBe(8);
  await expect(double.local(-1)).rejects.toThrow("negative");
});

test("@concurrent below @app.cls() is what its options say, and above it is refused", () => {
  const app = new App("concurrent");
  const metadata = Object.create(null) as DecoratorMetadataObject;
  const context = { kind: "class", name: "Fetcher", metadata } as ClassDecoratorContext<never>;
  const decorate = concurrent({ maxInputs: 10, targetInputs: 8 });
  decorate(Model, context);
  app.cls()(Model, context);
  expect(app.registered[0]?.options).toMatchObject({ maxConcurrentInputs: 10, targetConcurrentInputs: 8 });
  expect(() => decorate(Model, context)).toThrow(refused("DECORATOR_MISPLACED"));
});

test("a target is not above the most", () => {
  const app = new App("target");
  const options = { maxConcurrentInputs: 4, targetConcurrentInputs: 5 };
  expect(() => app.cls(options, Model, {})).toThrow(
    expect.objectContaining({ remedy: "It must be a whole number from 1 to 4." }),
  );
});
