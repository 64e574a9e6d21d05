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
  expect(transferLines(progress, { elapsedMs: 1000, columns: 100 }, plain)).toEqual([
    "weights ━━━━━━━━━━━━────────────  50%  512 B of 1 KiB  512 B/s  1 s left",
  ]);
});

test("of several files the finished ones are counted", () => {
  const lines = transferLines(
    { ...progress, filesDone: 2, filesTotal: 5 },
    { elapsedMs: 1000, columns: 100 },
    plain,
  );
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe("(2 out of 5 files completed)");
});

test.each([
  [80, "weights ━━━━━━━━━━━━────────────  50%  512 B of 1 KiB  512 B/s  1 s left"],
  [70, "weights ━━━━━━──────  50%  512 B of 1 KiB  512 B/s  1 s left"],
  [52, "weights ━━━━━━──────  50%  512 B of 1 KiB  512 B/s"],
  [40, "weights ━━━━────  50%  512 B of 1 KiB"],
  [30, "weights  50%  512 B of 1 KiB"],
  [24, " 50%  512 B of 1 KiB"],
  [10, " 50%"],
])("a terminal of %i columns gets what fits on one line", (columns, line) => {
  expect(transferLines(progress, { elapsedMs: 1000, columns }, plain)).toEqual([line]);
});
