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
