import { expect, test } from "vitest";
import { LogAllowance } from "./log-allowance.ts";

const mebibyte = 1024 * 1024;

test("sixteen megabytes at once are kept, and a steady megabyte a second for ever [B16]", () => {
  let nowMs = 0;
  const allowance = new LogAllowance(() => nowMs);
  for (let piece = 0; piece < 16; piece += 1) expect(allowance.takes(mebibyte)).toBe(true);
  expect(allowance.told()).toBeUndefined();
  for (let second = 0; second < 1_000; second += 1) {
    nowMs += 1_000;
    expect(allowance.takes(mebibyte)).toBe(true);
  }
});

test("of a flood little is kept, and one line says how much was dropped [B16]", () => {
  let nowMs = 0;
  const allowance = new LogAllowance(() => nowMs);
  let kept = 0;
  const told: string[] = [];
  for (; nowMs < 60_000; nowMs += 1) {
    if (!allowance.takes(32 * 1024)) continue;
    const text = allowance.told();
    if (text !== undefined) told.push(text);
    kept += 32 * 1024;
  }
  expect(kept).toBeLessThan(77 * mebibyte);
  expect(told.length).toBeLessThan(65);
  const last = allowance.told();
  const dropped = [...told, ...(last === undefined ? [] : [last])].map((text) => Number.parseInt(text, 10));
  expect(kept + dropped.reduce((sum, bytes) => sum + bytes, 0)).toBe(60_000 * 32 * 1024);
});
