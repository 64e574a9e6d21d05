import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryBudget } from "./memory-budget.ts";

test("the oldest go first when there is too much, and what is released is not dropped", () => {
  const budget = new MemoryBudget(100);
  const dropped: string[] = [];
  const keys = { a: {}, b: {}, c: {}, d: {} };
  for (const [name, key] of Object.entries(keys)) {
    budget.hold(key, 40, () => dropped.push(name));
    if (name === "b") budget.release(keys.b);
  }
  expect(dropped).toEqual(["a"]);
  expect(budget.heldBytes).toBe(80);
  budget.hold({}, 1_000, () => dropped.push("huge"));
  expect(dropped).toEqual(["a", "c", "d", "huge"]);
  expect(budget.heldBytes).toBe(0);
});

test("after any sequence of changes it holds the newest that fit, and has dropped each of the others once", () => {
  const change = fc.record({
    key: fc.nat({ max: 9 }),
    bytes: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const budget = new MemoryBudget(100);
      const keys = Array.from({ length: 10 }, () => ({}));
      const dropped: number[] = [];
      let model: { turn: number; key: number; bytes: number }[] = [];
      const expected: number[] = [];
      for (const [turn, { key, bytes }] of changes.entries()) {
        model = model.filter((held) => held.key !== key);
        if (bytes === undefined) budget.release(keys[key] ?? {});
        else {
          budget.hold(keys[key] ?? {}, bytes, () => dropped.push(turn));
          model.push({ turn, key, bytes });
        }
        while (sum(model) > 100) expected.push(model.shift()?.turn ?? -1);
        expect(budget.heldBytes).toBe(sum(model));
        expect(dropped).toEqual(expected);
      }
    }),
  );
});

function sum(held: readonly { bytes: number }[]): number {
  return held.reduce((bytes, each) => bytes + each.bytes, 0);
}
