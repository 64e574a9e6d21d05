import { expect, test } from "vitest";
import { Turns, TurnsByKey } from "./turns.ts";

test("one work follows the other in the order of those who ask, and each learns what its own came to", async () => {
  const turns = new Turns();
  const said: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    said.push("first begins");
    await gate.promise;
    said.push("first ends");
    return 1;
  });
  const second = turns.take(async () => {
    said.push("second");
    throw new Error("broken");
  });
  const third = turns.take(() => void said.push("third"));
  const settled = turns.settled().then(() => said.push("settled"));
  await Promise.resolve();
  expect(turns.isIdle).toBe(false);
  expect(said).toEqual(["first begins"]);
  gate.resolve();
  expect(await first).toBe(1);
  await expect(second).rejects.toThrow("broken");
  await Promise.all([third, settled]);
  expect(said).toEqual(["first begins", "first ends", "second", "third", "settled"]);
  expect(turns.isIdle).toBe(true);
});

test("a failure that its asker does not look at yet is not one that nobody looks at", async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error("broken")));
  await turns.settled();
  await expect(failed).rejects.toThrow("broken");
});

test("works on different things do not wait for one another, and works on one do", async () => {
  const turns = new TurnsByKey<string>();
  const gate = Promise.withResolvers<void>();
  const said: string[] = [];
  const one = turns.take("a", () => gate.promise);
  const behind = turns.take("a", () => void said.push("a"));
  await turns.take("b", () => void said.push("b"));
  expect(said).toEqual(["b"]);
  gate.resolve();
  await Promise.all([one, behind]);
  expect(said).toEqual(["b", "a"]);
  expect(await turns.take("a", () => "anew")).toBe("anew");
});
