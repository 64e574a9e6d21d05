import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { BodyTurns } from "./body-turns.ts";

test("large bodies go on in order, a few in each turn of the event loop, however many there are [B8]", async () => {
  const turns = new BodyTurns();
  const gone: number[] = [];
  for (let body = 0; body < 10; body++) void turns.next(512 * 1024).then(() => gone.push(body));
  const perTurn: number[] = [];
  while (gone.length < 10) {
    const before = gone.length;
    await setImmediate();
    perTurn.push(gone.length - before);
  }
  expect(gone).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(2);
  await turns.next(100 * 1024 * 1024);
  await turns.next(1);
});
