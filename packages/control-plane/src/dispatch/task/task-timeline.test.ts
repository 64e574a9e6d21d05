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

test("the life of a container follows its start, and one that lives is in the phase after its last", () => {
  const timeline = new TaskTimeline(0);
  expect(timeline.underWay({ isCalled: false })).toEqual({ name: "queue", startedAtMs: 0 });
  for (const [index, name] of ["queue", "place", "enter"].entries()) timeline.end(name, index + 1);
  expect(timeline.underWay({ isCalled: true })).toEqual({ name: "first call", startedAtMs: 3 });
  expect(timeline.underWay({ isCalled: false })).toEqual({ name: "serve", startedAtMs: 3 });
  timeline.end("serve", 10);
  expect(timeline.underWay({ isCalled: true })).toEqual({ name: "exit", startedAtMs: 10 });
  timeline.end("exit", 12);
  expect(timeline.phases.map(({ name }) => name)).toEqual(["queue", "place", "enter"]);
  expect(timeline.life).toEqual([
    { name: "serve", startedAtMs: 3, endedAtMs: 10 },
    { name: "exit", startedAtMs: 10, endedAtMs: 12 },
  ]);
  expect(new TaskTimeline(0, timeline.all).all).toEqual(timeline.all);
});

test("a container that is brought back has a phase for it, in which no other is said to be", () => {
  const timeline = new TaskTimeline(0);
  timeline.end("mount", 1);
  expect(timeline.underWay({ isCalled: false }).name).toBe("boot");
  timeline.end("restore", 3);
  timeline.end("enter", 4);
  expect(timeline.phases.map(({ name }) => name)).toEqual(["mount", "restore", "enter"]);
});
