import picocolors from "picocolors";
import { expect, test } from "vitest";
import { type FileTransfer, transferLines } from "./transfer-view.ts";

const plain = picocolors.createColors(false);
const file = (path: string, doneBytes: number, totalBytes: number, startedAtMs = 1): FileTransfer => ({
  path,
  doneBytes,
  totalBytes,
  startedAtMs,
});

test("one file has one bar", () => {
  const lines = transferLines([file("weights", 512, 1024, 1000)], 2000, plain);
  expect(lines).toEqual(["weights ━━━━━━━━━━━━────────────   50%  512 B of 1 KiB  512 B/s  1 s left"]);
});

test("of several files those that move have bars, and the rest are counted", () => {
  const lines = transferLines([file("a", 10, 10), file("b", 5, 10), file("empty", 0, 0, 0), file("c", 0, 10, 0)], 2, plain);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^b /);
  expect(lines[1]).toBe("(2 out of 4 files completed)");
});

test("many files that move at once do not fill the screen", () => {
  const lines = transferLines(Array.from({ length: 50 }, (_, index) => file(`f${index}`, 1, 10)), 2, plain);
  expect(lines).toHaveLength(5);
});
