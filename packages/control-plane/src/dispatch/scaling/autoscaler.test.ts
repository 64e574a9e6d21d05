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
  maxStarting: Infinity,
  pace: { inputMs: undefined, startMs: 1_000, useful: Infinity, isProven: true },
  machine: { cores: 8, startingElsewhere: 0 },
  nowMs: 1_000_000,
};

function task(taskId: string, rest: Partial<ScaledTask> = {}): ScaledTask {
  return {
    taskId,
    phase: "ready",
    runningInputs: 0,
    runningMs: [],
    waits: false,
    idleSinceMs: base.nowMs,
    outdated: false,
    ...rest,
  };
}

test("the first input starts a container at once", () => {
  expect(decideScale({ ...base, pendingInputs: 1 }).start).toBe(1);
});

test("containers are counted by how many inputs each takes", () => {
  expect(decideScale({ ...base, pendingInputs: 9, targetConcurrency: 4 }).start).toBe(3);
  const tasks = [task("a", { runningInputs: 4 }), task("b", { phase: "starting" })];
  expect(decideScale({ ...base, pendingInputs: 5, targetConcurrency: 4, tasks }).start).toBe(1);
});

test("what works on inputs that wait for one that is waiting here is not about to be free", () => {
  const pace = { inputMs: 100, startMs: 1_000, useful: 2, isProven: false };
  const machine = { cores: 2, startingElsewhere: 0 };
  const busy = { runningInputs: 1, runningMs: [50] };
  const start = (tasks: ScaledTask[]) =>
    decideScale({ ...base, pace, machine, pendingInputs: 1, tasks }).start;
  expect(start(["a", "b", "c"].map((name) => task(name, busy)))).toBe(0);
  expect(start(["a", "b", "c"].map((name) => task(name, { ...busy, waits: true })))).toBe(1);
  expect(start([task("a", { ...busy, waits: true }), task("b", busy)])).toBe(0);
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
    elapsedMs: fc.nat(20_000),
    idleSinceMs: fc.integer({ min: 900_000, max: 1_000_000 }),
    outdated: fc.boolean(),
    waits: fc.boolean(),
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
    maxStarting: fc.constantFrom(1, Infinity),
    machine: fc.record({ cores: fc.nat(8), startingElsewhere: fc.nat(4) }),
    pace: fc.record({
      inputMs: fc.constantFrom(undefined, 1, 100, 10_000),
      startMs: fc.integer({ min: 1, max: 10_000 }),
      useful: fc.constantFrom(1, 2, Infinity),
      isProven: fc.boolean(),
    }),
  })
  .map(({ extra, tasks, ...rest }) => ({
    ...rest,
    max: Math.max(1, rest.min + extra),
    nowMs: 1_000_000,
    tasks: tasks.map(({ elapsedMs, ...each }) => {
      const runningInputs = each.phase === "ready" ? each.runningInputs : 0;
      return { ...each, runningInputs, runningMs: Array.from({ length: runningInputs }, () => elapsedMs) };
    }),
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
    if (paused) expect(recheckAtMs).toBe(given.pausedUntilMs);
  });
});

const short = { inputMs: 20, startMs: 1_000, useful: Infinity, isProven: true };
const twoCores = { cores: 2, startingElsewhere: 0 };
const ask = (given: Partial<ScalingSignals>) =>
  decideScale({ ...base, pace: short, machine: twoCores, ...given }).start;

test("for a map of unknown inputs there are as many containers as cores, and no more until something is known [L14]", () => {
  const pace = { ...short, inputMs: undefined };
  expect(ask({ pace, pendingInputs: 16 })).toBe(2);
  const starting = [task("a", { phase: "starting" }), task("b", { phase: "starting" })];
  expect(ask({ pace, pendingInputs: 16, tasks: starting })).toBe(0);
  const begun = ["a", "b"].map((id) => task(id, { runningInputs: 1, runningMs: [10] }));
  expect(ask({ pace, pendingInputs: 14, tasks: begun })).toBe(0);
});

test("inputs that would be done before a container has started get none; what takes longer gets one to see whether it helps, then twice as many each time [L14]", () => {
  const busy = (count: number, ms: number) =>
    Array.from({ length: count }, (_, at) => task(String(at), { runningInputs: 1, runningMs: [ms] }));
  expect(ask({ pendingInputs: 14, tasks: busy(2, 5) })).toBe(0);
  expect(ask({ pendingInputs: 2_000, tasks: busy(2, 5) })).toBe(2);
  const slow = { ...short, inputMs: 60_000 };
  expect(ask({ pace: slow, pendingInputs: 100, tasks: busy(4, 5) })).toBe(4);
  expect(ask({ pace: { ...slow, isProven: false }, pendingInputs: 100, tasks: busy(2, 5) })).toBe(2);
  expect(ask({ pace: { ...short, isProven: false }, pendingInputs: 500, tasks: busy(2, 5) })).toBe(1);
  expect(ask({ pace: { ...slow, useful: 4 }, pendingInputs: 100, tasks: busy(4, 5) })).toBe(0);
});

test("inputs that take much longer than others did get a container for what waits behind them [L14]", () => {
  const stuck = [task("a", { runningInputs: 1, runningMs: [5_000] })];
  expect(ask({ pendingInputs: 1, tasks: stuck })).toBe(1);
  expect(
    decideScale({
      ...base,
      pace: short,
      pendingInputs: 1,
      tasks: [task("a", { runningInputs: 1, runningMs: [30] })],
    }),
  ).toEqual({ start: 0, drain: [], recheckAtMs: base.nowMs + 250 });
});

test("inputs that wait for one another get the container that the next one needs, though each began when the one before it had started", () => {
  const nested = (ms: number) =>
    [ms, ms - 1_100].map((runningMs, at) => task(String(at), { runningInputs: 1, runningMs: [runningMs] }));
  const askedAt = Array.from({ length: 20 }, (_, at) => 1_200 + at * 500);
  expect(askedAt.map((ms) => ask({ pendingInputs: 1, tasks: nested(ms) }))).toContain(1);
});

test("an input whose answer is there does not start a container for the next one [L15]", () => {
  const answered = [task("a", { runningInputs: 1, runningMs: [2] })];
  expect(ask({ pendingInputs: 1, tasks: answered })).toBe(0);
});

test("what the user sets is kept, whatever helps: a minimum and a buffer [L14]", () => {
  expect(ask({ min: 3 })).toBe(3);
  const busy = [task("a", { runningInputs: 1, runningMs: [5] })];
  expect(ask({ buffer: 2, tasks: busy })).toBe(2);
  expect(ask({ buffer: 2, tasks: [...busy, task("b"), task("c", { phase: "starting" })] })).toBe(0);
  expect(ask({ max: 1, pendingInputs: 2_000, tasks: busy })).toBe(0);
});

test("the next look is in the future", () => {
  decided((given, { recheckAtMs }) => {
    expect(recheckAtMs ?? Infinity).toBeGreaterThan(given.nowMs);
  });
});
