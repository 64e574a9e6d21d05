import { expect, test } from "vitest";
import { Fifo } from "./fifo.ts";

test("items come out in the order in which they went in, whatever is taken in between", () => {
  const fifo = new Fifo<number>();
  const taken: number[] = [];
  let next = 0;
  for (let round = 0; round < 500; round++) {
    for (let count = 0; count < 20; count++) fifo.push(next++);
    for (let count = 0; count < 13; count++) taken.push(fifo.shift() ?? -1);
  }
  expect(fifo.length).toBe(500 * 7);
  taken.push(...fifo.drain());
  expect(taken).toEqual(Array.from({ length: next }, (_, index) => index));
  expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
});

test("half a million items that wait are taken out one by one", () => {
  const fifo = new Fifo<number>();
  for (let item = 0; item < 500_000; item++) fifo.push(item);
  let sum = 0;
  for (const item of fifo.drain()) sum += item;
  expect(sum).toBe((500_000 * 499_999) / 2);
});
