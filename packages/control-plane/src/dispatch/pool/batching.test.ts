import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextBatch, type Batchable } from "./batching.ts";

const at = (waitingSinceMs: number, method = "") => ({ waitingSinceMs, method });

test("a full batch goes at once, a smaller one when its first input has waited", () => {
  const options = { maxSize: 3, lingerMs: 100 };
  const waiting = [at(0), at(50)];
  expect(nextBatch(waiting, { ...options, nowMs: 60 })).toEqual({ items: [], dueAtMs: 100 });
  expect(nextBatch(waiting, { ...options, nowMs: 100 }).items).toEqual(waiting);
  const four = [...waiting, at(60), at(60)];
  expect(nextBatch(four, { ...options, nowMs: 60 }).items).toEqual(four.slice(0, 3));
  expect(nextBatch([], { ...options, nowMs: 60 })).toEqual({ items: [], dueAtMs: Infinity });
});

test("a batch is of one method, that of the first in the queue, and never larger than asked for", () => {
  const item = fc.record({ waitingSinceMs: fc.nat(200), method: fc.constantFrom("a", "b") });
  fc.assert(
    fc.property(
      fc.array(item),
      fc.integer({ min: 2, max: 6 }),
      fc.nat(100),
      (waiting: Batchable[], maxSize, lingerMs) => {
        const nowMs = 200;
        const { items, dueAtMs } = nextBatch(waiting, { maxSize, lingerMs, nowMs });
        const same = waiting.filter((each) => each.method === waiting[0]?.method);
        expect(items.length > 0).toBe(same.length >= maxSize || dueAtMs <= nowMs);
        if (items.length > 0) expect(items).toEqual(same.slice(0, maxSize));
      },
    ),
  );
});
