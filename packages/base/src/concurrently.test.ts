import fc from "fast-check";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { concurrently } from "./concurrently.ts";

test("keeps to the limit and does everything, however it is asked for", async () => {
  async function* numbers() {
    yield* Array(20).keys();
  }
  for (const items of [Array(20).keys(), numbers()]) {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await concurrently(items, { limit: 3 }, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turns = item % 3; turns >= 0; turns -= 1) await setImmediate();
      running -= 1;
      done.push(item);
    });
    expect(most).toBe(3);
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
  }
});

test("an item is asked for only when there is room for it", async () => {
  let asked = 0;
  let running = 0;
  function* items() {
    for (; asked < 10; asked += 1) {
      expect(running).toBeLessThan(2);
      yield asked;
    }
  }
  await concurrently(items(), { limit: 2 }, async () => {
    running += 1;
    await setImmediate();
    running -= 1;
  });
  expect(asked).toBe(10);
});

test("the first failure tells what runs, closes the source, and is thrown when nothing runs any more", async () => {
  let running = 0;
  let isClosed = false;
  const started: number[] = [];
  const told: unknown[] = [];
  function* items() {
    try {
      yield* Array(100).keys();
    } finally {
      isClosed = true;
    }
  }
  const work = async (item: number, signal: AbortSignal) => {
    started.push(item);
    running += 1;
    for (let turns = item === 2 ? 1 : 20; turns > 0; turns -= 1) await setImmediate();
    running -= 1;
    if (item === 2) throw new Error("no more");
    told.push(signal.reason);
    throw new Error("later");
  };
  await expect(concurrently(items(), { limit: 4 }, work)).rejects.toThrow("no more");
  expect(running).toBe(0);
  expect(isClosed).toBe(true);
  expect(started).toEqual([0, 1, 2, 3]);
  expect(told).toEqual(Array(3).fill(expect.objectContaining({ message: "no more" })));
});

test("work that was started ends before a failing source is reported", async () => {
  let running = 0;
  async function* source() {
    yield 1;
    throw new Error("source failed");
  }
  const work = async () => {
    running += 1;
    await setImmediate();
    running -= 1;
  };
  await expect(concurrently(source(), { limit: 4 }, work)).rejects.toThrow("source failed");
  expect(running).toBe(0);
});

test.for([
  { when: "before", started: [] },
  { when: "during", started: [0, 1] },
  { when: "after", started: [0, 1, 2, 3] },
  { when: "never", started: [0, 1, 2, 3] },
])(
  "a signal that aborts $when it decides whether the rest is begun, and is thrown once nothing runs",
  async (row) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let running = 0;
    const started: number[] = [];
    if (row.when === "before") controller.abort(reason);
    const worked = concurrently(Array(4).keys(), { limit: 2, signal: controller.signal }, async (item) => {
      started.push(item);
      running += 1;
      await setImmediate();
      if (row.when === "during" && item === 0) controller.abort(reason);
      await setImmediate();
      running -= 1;
    });
    if (row.when === "before" || row.when === "during") await expect(worked).rejects.toBe(reason);
    else await worked;
    if (row.when === "after") controller.abort(reason);
    expect(started).toEqual(row.started);
    expect(running).toBe(0);
  },
);

test("whatever work takes and whichever fails, never more than the limit run, nothing runs after the end, and the first failure is what is thrown", async () => {
  const item = fc.record({ turns: fc.nat({ max: 5 }), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (items, limit) => {
        let running = 0;
        const begun: number[] = [];
        const failures: Error[] = [];
        const ended = concurrently(items.entries(), { limit }, async ([index, { turns, fails }]) => {
          begun.push(index);
          running += 1;
          expect(running).toBeLessThanOrEqual(limit);
          for (let turn = 0; turn < turns; turn += 1) await setImmediate();
          running -= 1;
          if (!fails) return;
          failures.push(new Error(`item ${index}`));
          throw failures.at(-1);
        });
        const thrown = await ended.then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(running).toBe(0);
        expect(thrown).toBe(failures[0]);
        expect(begun).toEqual([...begun.keys()]);
        if (failures.length === 0) expect(begun).toHaveLength(items.length);
      },
    ),
  );
});
