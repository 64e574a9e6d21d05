import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LongWork } from "./long-work.ts";

/** Pieces that were done in each turn of the event loop, while several work. */
async function piecesByTurn(workers: number, amounts: readonly number[], piece: number): Promise<number[]> {
  const turns: number[] = [];
  let pieces = 0;
  const state = { isOver: false };
  const work = Array.from({ length: workers }, async () => {
    const longWork = new LongWork(piece);
    for (const amount of amounts) {
      const turn = longWork.done(amount);
      if (turn) await turn;
      if (turn) pieces += 1;
    }
  });
  const all = Promise.all(work).finally(() => (state.isOver = true));
  while (!state.isOver) {
    await nextTurn();
    turns.push(pieces);
    pieces = 0;
  }
  await all;
  return turns;
}

test("however many have much to do, one piece of one of them is done in a turn [B11]", async () => {
  const turns = await piecesByTurn(20, Array<number>(50).fill(1), 10);
  expect(Math.max(...turns)).toBe(1);
  expect(turns.reduce((sum, pieces) => sum + pieces, 0)).toBe(20 * 5);
});

test("little work waits for nobody", () => {
  const work = new LongWork(100);
  for (let done = 0; done < 99; done += 1) expect(work.done(1)).toBeUndefined();
});
