import picocolors from "picocolors";
import { expect, test } from "vitest";
import { transferLines } from "./transfer-view.ts";

const plain = picocolors.createColors(false);
const progress = {
  stage: "sending",
  file: "weights",
  bytesDone: 512,
  bytesTotal: 1024,
  filesDone: 0,
  filesTotal: 1,
} as const;

test("one file has a bar with sizes, rate and time left", () => {
  expect(transferLines(progress, 1000, plain)).toEqual([
    "weights ━━━━━━━━━━━━────────────   50%  512 B of 1 KiB  512 B/s  1 s left",
  ]);
});

test("of several files the finished ones are counted", () => {
  const lines = transferLines({ ...progress, filesDone: 2, filesTotal: 5 }, 1000, plain);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe("(2 out of 5 files completed)");
});
