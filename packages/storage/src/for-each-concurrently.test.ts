import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { forEachConcurrently } from "./for-each-concurrently.ts";

test("keeps to the limit and does everything", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrently(Array(20).keys(), 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await setTimeout(item % 3);
    running -= 1;
    done.push(item);
  });
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test("stops at the first failure and throws it when nothing runs any more", async () => {
  let running = 0;
  const started: number[] = [];
  const work = async (item: number) => {
    started.push(item);
    running += 1;
    await setTimeout(item === 2 ? 1 : 20);
    running -= 1;
    if (item === 2) throw new Error("no more");
  };
  await expect(forEachConcurrently(Array(100).keys(), 4, work)).rejects.toThrow("no more");
  expect(running).toBe(0);
  expect(started.length).toBeLessThan(10);
});

test("work that was started ends before a failing source is reported", async () => {
  let running = 0;
  async function* source() {
    yield 1;
    throw new Error("source failed");
  }
  const work = async () => {
    running += 1;
    await setTimeout(10);
    running -= 1;
  };
  await expect(forEachConcurrently(source(), 4, work)).rejects.toThrow("source failed");
  expect(running).toBe(0);
});
