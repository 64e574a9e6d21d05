import fc from "fast-check";
import { expect, test } from "vitest";
import { PhaseClock, type Phase } from "./phase-clock.ts";

test("phases follow each other without gaps and add up to the whole, in whatever order times arrive", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (times) => {
      const phases: Phase[] = [];
      const clock = new PhaseClock({ startedAt: 0, nowMs: () => 0, emit: (phase) => phases.push(phase) });
      for (const [index, time] of times.entries()) clock.end(`phase ${index}`, time);
      let last = 0;
      for (const phase of phases) {
        expect(phase.startedAt).toBe(last);
        expect(phase.endedAt).toBeGreaterThanOrEqual(phase.startedAt);
        last = phase.endedAt;
      }
      expect(last).toBe(Math.max(0, ...times));
    }),
  );
});

test("a phase ends once: later ends with its name change nothing", () => {
  const phases: Phase[] = [];
  const clock = new PhaseClock({ startedAt: 1, nowMs: () => 0, emit: (phase) => phases.push(phase) });
  clock.end("boot", 2);
  clock.end("boot", 3);
  clock.end("import", 4);
  expect(phases.map(({ phase, startedAt, endedAt }) => [phase, startedAt, endedAt])).toEqual([
    ["boot", 1, 2],
    ["import", 2, 4],
  ]);
});
