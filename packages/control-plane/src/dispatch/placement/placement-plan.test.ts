import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hadItsTurn, holdsRoom } from "./held-room.ts";
import {
  planPlacements,
  type Need,
  type PlacedTask,
  type Tenure,
  type WantedTask,
} from "./placement-plan.ts";
import type { WorkerOffer } from "./placement.ts";
import { giveBack, takeAway } from "./room.ts";

const machine: WorkerOffer = {
  workerId: "wo-a",
  name: "a",
  total: { milliCpu: 2_000, memoryMb: 4_000, gpus: [] },
  free: { milliCpu: 2_000, memoryMb: 4_000, gpus: [] },
  simulatedGpus: false,
  runtimes: ["runc"],
};
const gpuMachine = (...devices: string[]): WorkerOffer => {
  const gpus = devices.map((device) => ({ type: "H100", device }));
  return { ...machine, total: { ...machine.total, gpus }, free: { ...machine.free, gpus } };
};

const cpus = (milliCpu: number) => ({ milliCpu, memoryMb: 100 });
const wanted = (taskId: string, milliCpu: number, rest: Partial<WantedTask> = {}): WantedTask => ({
  taskId,
  request: cpus(milliCpu),
  need: "first",
  waitedMs: 0,
  ...rest,
});
const placed = (taskId: string, milliCpu: number, tenure: Tenure): PlacedTask => ({
  taskId,
  workerId: "wo-a",
  uses: { ...cpus(milliCpu), gpus: [] },
  tenure,
});

function plan(asked: WantedTask[], held: PlacedTask[], workers = [machine]) {
  const steps = planPlacements(asked, held, held.reduce<WorkerOffer[]>(takeAway, workers));
  return Object.fromEntries(
    steps.map((step) => [step.taskId, step.kind === "place" ? "placed" : step.evict]),
  );
}
const aged = 6_000;

test("what inputs wait for comes before what is only kept warm, whatever came first [L12]", () => {
  const warm = wanted("warm", 2_000, { need: "warmth", waitedMs: 90_000 });
  expect(plan([warm, wanted("called", 500)], [])).toEqual({ called: "placed", warm: [] });
  expect(plan([warm], [placed("idle", 100, "spare")])).toEqual({ warm: [] });
});

test("a container that is kept warm leaves for the first of a function that is called, not for one more [L12]", () => {
  const held = [placed("kept", 2_000, "kept")];
  expect(plan([wanted("called", 500)], held)).toEqual({ called: ["kept"] });
  expect(plan([wanted("more", 500, { need: "more", waitedMs: aged })], held)).toEqual({ more: [] });
  const both = [placed("kept", 1_000, "kept"), placed("spare", 1_000, "spare")];
  expect(plan([wanted("called", 1_000)], both)).toEqual({ called: ["spare"] });
});

test("nobody leaves for what could never be placed [L13]", () => {
  const held = [placed("kept", 2_000, "kept"), placed("busy", 100, "busy")];
  expect(plan([wanted("huge", 8_000, { waitedMs: aged })], held)).toEqual({ huge: [] });
  const gpu = { ...wanted("gpu", 100), request: { ...cpus(100), gpu: { type: "ANY", count: 1 } } };
  expect(plan([gpu], held)).toEqual({ gpu: [] });
});

test("room that is being made for one is not given to another", () => {
  const held = [placed("old", 1_500, "leaving")];
  const asked = [wanted("large", 2_000, { waitedMs: 10 }), wanted("small", 500)];
  expect(plan(asked, held)).toEqual({ large: [], small: [] });
  expect(plan(asked, [placed("old", 1_500, "settled")])).toEqual({ large: [], small: "placed" });
});

test("after a while the busy leave for the one that has waited longest, and its room is held", () => {
  const held = [placed("busy", 1_500, "busy"), placed("done", 100, "finishing")];
  const large = (waitedMs: number) => wanted("large", 2_000, { waitedMs });
  expect(plan([large(1_000), wanted("small", 100)], held)).toEqual({ large: [], small: "placed" });
  expect(plan([large(aged), wanted("small", 100)], held)).toEqual({ large: ["busy"], small: [] });
});

test("they leave together once the last of them has had its turn, and until then nobody else gets their room", () => {
  const asked = [wanted("large", 2_000, { waitedMs: aged + 1 }), wanted("small", 500, { waitedMs: aged })];
  expect(plan(asked, [placed("busy", 1_000, "busy"), placed("fresh", 1_000, "fresh")])).toEqual({
    large: [],
    small: [],
  });
  expect(plan(asked, [placed("a", 1_000, "busy"), placed("b", 1_000, "busy")])).toEqual({
    large: ["a", "b"],
    small: [],
  });
  expect(plan(asked, [placed("sandbox", 1_000, "settled"), placed("b", 1_000, "busy")])).toEqual({
    large: [],
    small: ["b"],
  });
});

test("a GPU that one function's idle container holds goes to the next that is called", () => {
  const gpu = { type: "ANY", count: 1 };
  const held: PlacedTask = {
    ...placed("idle", 100, "spare"),
    uses: { ...cpus(100), gpus: [{ type: "H100", device: "0" }] },
  };
  const ask = (taskId: string) => ({ ...wanted(taskId, 100), request: { ...cpus(100), gpu } });
  expect(plan([ask("b"), ask("c")], [held], [gpuMachine("0")])).toEqual({ b: ["idle"], c: [] });
});

test("holds become longer than any work, with breaks between them", () => {
  const seconds = Array.from({ length: 4_000 }, (_, at) =>
    holdsRoom({ waitedMs: 5_000, heldMs: at * 1_000 }),
  );
  const runs = seconds
    .join("")
    .match(/(true)+|(false)+/g)
    ?.map((run) => [run[0], run.split("e").length - 1]);
  expect(runs?.slice(0, 5)).toEqual([
    ["t", 30],
    ["f", 10],
    ["t", 60],
    ["f", 10],
    ["t", 120],
  ]);
  expect([4_999, 5_000].map((waitedMs) => holdsRoom({ waitedMs }))).toEqual([false, true]);
  expect(hadItsTurn({ servedMs: 10_000, startMs: 1_000 })).toBe(true);
  expect(hadItsTurn({ servedMs: 10_000, startMs: 3_000 })).toBe(false);
});

interface Workload {
  milliCpu: number;
  startSecs: number;
  inputSecs: number;
  /** Seconds at which an input arrives; `always`: there are always more. */
  calls: number[] | "always";
  most: number;
  min: number;
}

interface Live {
  taskId: string;
  pool: number;
  state: "starting" | "ready" | "draining";
  readySecs: number;
  inputEndsAt: number | undefined;
  goneAt: number;
  placedAt: number;
}

const workload: fc.Arbitrary<Workload> = fc
  .record({
    milliCpu: fc.constantFrom(100, 500, 1_000, 1_900, 2_000),
    startSecs: fc.integer({ min: 1, max: 5 }),
    inputSecs: fc.integer({ min: 1, max: 25 }),
    calls: fc.oneof(fc.constant("always" as const), fc.array(fc.nat(200), { maxLength: 6 })),
    most: fc.integer({ min: 1, max: 4 }),
    keeps: fc.boolean(),
  })
  .map(({ keeps, ...rest }) => ({ ...rest, min: keeps ? 1 : 0 }));

interface Asked {
  pool: number;
  need: Need;
  since: number;
  heldSince?: number | undefined;
}

/** Runs workloads on one machine, second by second. Throws when more is placed than there is room for. */
function runFor(secs: number, workloads: readonly Workload[]) {
  let live: Live[] = [];
  const waiting = new Map<string, Asked>();
  const queued = workloads.map(() => 0);
  const evictedFor = new Map<string, number>();
  const waits: { pool: number; need: Need; secs: number; over: boolean }[] = [];
  const late: string[] = [];
  let ids = 0;
  for (let now = 0; now < secs; now++) {
    live = live.filter((task) => task.goneAt > now);
    const needs = workloads.map((each, pool): Need => {
      const { calls } = each;
      if (calls === "always") queued[pool] = 5;
      else queued[pool] = (queued[pool] ?? 0) + calls.filter((at) => at === now).length;
      const mine = live.filter((task) => task.pool === pool && task.state !== "draining");
      for (const task of mine) {
        if (task.state === "starting" && now - task.placedAt >= each.startSecs) {
          task.state = "ready";
          task.readySecs = now;
        }
        if (task.inputEndsAt !== undefined && task.inputEndsAt <= now) task.inputEndsAt = undefined;
        if (task.state === "ready" && task.inputEndsAt === undefined && (queued[pool] ?? 0) > 0) {
          queued[pool] = (queued[pool] ?? 0) - 1;
          task.inputEndsAt = now + each.inputSecs;
        }
      }
      const need = (queued[pool] ?? 0) === 0 ? "warmth" : mine.length > 0 ? "more" : "first";
      const asks = [...waiting].filter(([, entry]) => entry.pool === pool);
      const wants =
        need === "warmth" ? Math.max(0, each.min - mine.length) : Math.max(0, each.most - mine.length);
      if (wants > 0 && asks.length === 0) waiting.set(`ta-${ids++}`, { pool, since: now, need });
      for (const [, entry] of asks)
        if (entry.need !== need) Object.assign(entry, { need, since: now, heldSince: undefined });
      if (wants === 0) for (const [taskId] of asks) waiting.delete(taskId);
      return need;
    });
    const asked = [...waiting].map(([taskId, { pool, since, heldSince }]) => ({
      taskId,
      request: cpus(workloads[pool]?.milliCpu ?? 0),
      need: needs[pool] ?? "warmth",
      waitedMs: (now - since) * 1_000,
      heldMs: heldSince === undefined ? undefined : (now - heldSince) * 1_000,
    }));
    const held = live.map((task): PlacedTask => {
      const { milliCpu = 0, min = 0, startSecs = 0 } = workloads[task.pool] ?? {};
      const startMs = startSecs * 1_000;
      const isIdle = needs[task.pool] === "warmth" && task.inputEndsAt === undefined;
      const tenure: Tenure =
        task.state === "draining"
          ? task.inputEndsAt === undefined
            ? "leaving"
            : "finishing"
          : isIdle
            ? min > 0
              ? "kept"
              : "spare"
            : task.state === "ready" && hadItsTurn({ servedMs: (now - task.readySecs) * 1_000, startMs })
              ? "busy"
              : "fresh";
      return placed(task.taskId, milliCpu, tenure);
    });
    const free = held.reduce<WorkerOffer[]>(takeAway, [machine]);
    for (const step of planPlacements(asked, held, free)) {
      const entry = waiting.get(step.taskId);
      if (!entry) throw new Error(`${step.taskId} does not wait`);
      const need = needs[entry.pool] ?? "warmth";
      if (step.kind === "place") {
        waiting.delete(step.taskId);
        waits.push({ pool: entry.pool, need, secs: now - entry.since, over: true });
        live.push({
          taskId: step.taskId,
          pool: entry.pool,
          state: "starting",
          readySecs: 0,
          inputEndsAt: undefined,
          goneAt: Infinity,
          placedAt: now,
        });
        // It may have taken what was made for one that came after it.
        for (const taskId of evictedFor.keys())
          if ((waiting.get(taskId)?.since ?? now) >= entry.since) evictedFor.delete(taskId);
        continue;
      }
      if (step.held) entry.heldSince ??= now;
      // One that came earlier may take what was made for another, when its own time comes.
      const isOldest = [...waiting.values()].every(
        (other) => other === entry || other.need !== "first" || other.since > entry.since,
      );
      if (!isOldest) evictedFor.delete(step.taskId);
      const by = evictedFor.get(step.taskId);
      if (by !== undefined && by < now && need === "first") late.push(step.taskId);
      for (const taskId of step.evict) {
        const victim = live.find((each) => each.taskId === taskId);
        if (!victim || victim.state === "draining") throw new Error(`${taskId} is leaving already`);
        victim.state = "draining";
        victim.goneAt = Math.max(now + 2, victim.inputEndsAt ?? 0);
      }
      // Some of the room that it waits for may be of those that had left for another.
      const leaving = live.filter((task) => task.state === "draining").map((task) => task.goneAt);
      // Where several hold room by turns, one may get its own a turn later.
      if (step.evict.length > 0 && need === "first")
        evictedFor.set(step.taskId, Math.max(...leaving) + (step.held ? 120 : 0));
    }
    const used = live.reduce((sum, task) => sum + (workloads[task.pool]?.milliCpu ?? 0), 0);
    if (used > machine.total.milliCpu) throw new Error(`${used} of ${machine.total.milliCpu} are taken`);
  }
  for (const { pool, since } of waiting.values()) {
    const isFirst = !live.some((task) => task.pool === pool) && (queued[pool] ?? 0) > 0;
    waits.push({ pool, need: isFirst ? "first" : "more", secs: secs - since, over: false });
  }
  return { waits, late, live };
}

test("under any arrivals no function that is called waits for ever, nothing is taken twice, and nobody leaves in vain [L12] [L13]", () => {
  fc.assert(
    fc.property(fc.array(workload, { minLength: 1, maxLength: 6 }), (workloads) => {
      const { waits, late } = runFor(800, workloads);
      const longest = Math.max(0, ...waits.filter(({ need }) => need === "first").map(({ secs }) => secs));
      expect(longest).toBeLessThan(300);
      expect(late).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("when demand is over, what is kept warm comes back [L12]", () => {
  const warm: Workload = { milliCpu: 2_000, startSecs: 2, inputSecs: 1, calls: [], most: 1, min: 1 };
  const called: Workload = { ...warm, milliCpu: 500, calls: [20, 21], min: 0 };
  const during = runFor(30, [warm, called]);
  expect(during.live.map((task) => task.pool)).toContain(1);
  expect(during.waits.filter(({ pool }) => pool === 1).map(({ secs }) => secs)).toEqual([2]);
});

test("room that comes back and room that is taken cancel each other out", () => {
  const room = { workerId: "wo-a", uses: { milliCpu: 300, memoryMb: 20, gpus: [] } };
  expect(takeAway(giveBack([machine], room), room)).toEqual([machine]);
});
