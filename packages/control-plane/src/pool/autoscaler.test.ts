import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decideScale, type ScaledTask, type ScalingDecision, type ScalingSignals } from "./autoscaler.ts";

const base: ScalingSignals = {
  min: 0,
  max: Infinity,
  buffer: 0,
  scaledownWindowMs: 60_000,
  targetConcurrency: 1,
  pendingInputs: 0,
  tasks: [],
  pausedUntilMs: 0,
  active: true,
  maxStarting: 8,
  nowMs: 1_000_000,
};

function task(taskId: string, rest: Partial<ScaledTask> = {}): ScaledTask {
  return { taskId, phase: "ready", runningInputs: 0, idleSinceMs: base.nowMs, outdated: false, ...rest };
}

test("the first input starts a container at once", () => {
  expect(decideScale({ ...base, pendingInputs: 1 }).start).toBe(1);
});

test("containers are counted by how many inputs each takes", () => {
  expect(decideScale({ ...base, pendingInputs: 9, targetConcurrency: 4 }).start).toBe(3);
  const tasks = [task("a", { runningInputs: 4 }), task("b", { phase: "starting" })];
  expect(decideScale({ ...base, pendingInputs: 5, targetConcurrency: 4, tasks }).start).toBe(1);
});

test("one that waits for room is enough to know that there is none", () => {
  const tasks = [task("a", { phase: "queued" })];
  expect(decideScale({ ...base, pendingInputs: 50, tasks }).start).toBe(0);
});

test("an idle container goes when its window is over, and not before", () => {
  const tasks = [task("a", { idleSinceMs: base.nowMs - 59_999 })];
  expect(decideScale({ ...base, tasks })).toEqual({ start: 0, drain: [], recheckAtMs: base.nowMs + 1 });
  expect(decideScale({ ...base, tasks, nowMs: base.nowMs + 1 }).drain).toEqual(["a"]);
  expect(decideScale({ ...base, tasks, nowMs: base.nowMs + 1, min: 1 }).drain).toEqual([]);
});

test("a buffer is kept beside the busy ones, while there are any", () => {
  expect(decideScale({ ...base, buffer: 2, tasks: [task("a", { runningInputs: 1 })] }).start).toBe(2);
  expect(decideScale({ ...base, buffer: 2 }).start).toBe(0);
});

test("old containers go once a new one is ready, when nobody needs them, or when they hold its room", () => {
  const old = task("old", { outdated: true, runningInputs: 1 });
  expect(decideScale({ ...base, tasks: [old] })).toMatchObject({ start: 1, drain: [] });
  expect(decideScale({ ...base, tasks: [old, task("new", { phase: "starting" })] }).drain).toEqual([]);
  expect(decideScale({ ...base, tasks: [old, task("new")] }).drain).toEqual(["old"]);
  expect(decideScale({ ...base, tasks: [old, task("new", { phase: "queued" })] }).drain).toEqual(["old"]);
  expect(decideScale({ ...base, tasks: [task("old", { outdated: true })] }).drain).toEqual(["old"]);
});

const tasks = fc.uniqueArray(
  fc.record({
    taskId: fc.string({ minLength: 1, maxLength: 2 }),
    phase: fc.constantFrom("queued" as const, "starting" as const, "ready" as const),
    runningInputs: fc.nat(3),
    idleSinceMs: fc.integer({ min: 900_000, max: 1_000_000 }),
    outdated: fc.boolean(),
  }),
  { selector: (each) => each.taskId, maxLength: 12 },
);

const signals: fc.Arbitrary<ScalingSignals> = fc
  .record({
    min: fc.nat(4),
    extra: fc.nat(6),
    buffer: fc.nat(3),
    scaledownWindowMs: fc.integer({ min: 1, max: 100_000 }),
    targetConcurrency: fc.integer({ min: 1, max: 4 }),
    pendingInputs: fc.nat(40),
    tasks,
    pausedUntilMs: fc.constantFrom(0, 1_000_500),
    active: fc.boolean(),
    maxStarting: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ extra, tasks, ...rest }) => ({
    ...rest,
    max: Math.max(1, rest.min + extra),
    nowMs: 1_000_000,
    tasks: tasks.map((each) => (each.phase === "ready" ? each : { ...each, runningInputs: 0 })),
  }));

const decided = (check: (given: ScalingSignals, decision: ScalingDecision) => void) =>
  fc.assert(
    fc.property(signals, (given) => check(given, decideScale(given))),
    { numRuns: 500 },
  );

const current = (given: ScalingSignals) => given.tasks.filter((each) => !each.outdated);

test("a stopped function lets go of everything and starts nothing", () => {
  decided((signals) => {
    const given = { ...signals, active: false };
    expect(decideScale(given)).toEqual({
      start: 0,
      drain: given.tasks.map((each) => each.taskId),
      recheckAtMs: undefined,
    });
  });
});

test("never more than the maximum is started, and no fewer than the minimum kept", () => {
  decided((given, { start, drain }) => {
    const live = current(given);
    const kept = live.filter((each) => !drain.includes(each.taskId)).length;
    expect(start).toBeGreaterThanOrEqual(0);
    expect(start).toBeLessThanOrEqual(Math.max(0, given.max - live.length));
    expect(kept).toBeGreaterThanOrEqual(given.active ? Math.min(given.min, live.length) : 0);
  });
});

test("only idle containers are let go, unless they are outdated, and never while others are started", () => {
  decided((given, { start, drain }) => {
    fc.pre(given.active);
    const drained = current(given).filter((each) => drain.includes(each.taskId));
    expect(drained.filter((each) => each.runningInputs > 0)).toEqual([]);
    expect(start > 0 && drained.length > 0).toBe(false);
    expect(new Set(drain).size).toBe(drain.length);
  });
});

test("work without a container starts one, at once or when the pause after a failure is over", () => {
  decided((given, { start, recheckAtMs }) => {
    fc.pre(given.active && current(given).length === 0 && given.pendingInputs + given.min > 0);
    const paused = given.pausedUntilMs > given.nowMs;
    expect(start > 0).toBe(!paused);
    expect(recheckAtMs).toBe(paused ? given.pausedUntilMs : undefined);
  });
});

test("the next look is in the future", () => {
  decided((given, { recheckAtMs }) => {
    expect(recheckAtMs ?? Infinity).toBeGreaterThan(given.nowMs);
  });
});
