import picocolors from "picocolors";
import { expect, test } from "vitest";
import { phaseBars } from "./phase-bars.ts";

const colors = picocolors.createColors(false);

test("each phase has its length, and a bar where it lies in the whole", () => {
  const phases = [
    { name: "queue", startMs: 1000, endMs: 1001 },
    { name: "boot", startMs: 1001, endMs: 1250 },
    { name: "serve", startMs: 1250, endMs: 2000, isOpen: true },
  ];
  expect(phaseBars(phases, { columns: 40, colors }).split("\n")).toEqual([
    "queue      1 ms  ▏",
    "boot     249 ms  █████",
    "serve  750 ms …       ████████████████",
  ]);
});

test("a phase that took no time has its line, too", () => {
  const phases = [{ name: "queue", startMs: 5, endMs: 5 }];
  expect(phaseBars(phases, { columns: 20, colors })).toBe("queue  0 ms  ▏");
});
