import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TaskTimeline, phaseNames } from "./task-timeline.ts";

test("phases follow each other without gaps and add up, whatever order and clocks they were told in", () => {
  const ends = fc.array(
    fc.tuple(fc.constantFrom(...phaseNames, "nonsense"), fc.integer({ min: 0, max: 1_000 })),
  );
  fc.assert(
    fc.property(ends, (told) => {
      const timeline = new TaskTimeline(500);
      for (const [name, atMs] of told) timeline.end(name, atMs);
      const { phases } = timeline;
      let at = 500;
      for (const phase of phases) {
        expect(phase.startedAtMs).toBe(at);
        expect(phase.endedAtMs).toBeGreaterThanOrEqual(at);
        at = phase.endedAtMs;
      }
      expect(phases.reduce((sum, phase) => sum + phase.endedAtMs - phase.startedAtMs, 0)).toBe(at - 500);
      expect(new TaskTimeline(500, phases).phases).toEqual(phases);
    }),
  );
});
