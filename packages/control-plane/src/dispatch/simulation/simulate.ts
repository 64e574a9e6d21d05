import { planPlacements, type Need } from "../placement/placement-plan.ts";
import type { WorkerOffer } from "../placement/placement.ts";
import { takeAway } from "../placement/room.ts";
import { tenuresOf } from "../task/tenures.ts";
import { SharedCores } from "./shared-cores.ts";
import { SimulatedPool, SimulatedTask, type Workload } from "./simulated-pool.ts";

export interface Trace {
  title: string;
  machine: { cores: number; memoryMb: number; gpus: number };
  workloads: readonly Workload[];
}

export interface Simulated {
  /** When the last input was done. */
  endMs: number;
  /** From the arrival of an input to its end. */
  meanMs: number;
  started: number;
}

/** What a start takes, before one was seen. */
const usualStartMs = 1_000;
/** How often those that wait for room are looked at. */
const lookAgainMs = 1_000;
/** A trace that takes longer than a day does not end. */
const longestMs = 86_400_000;

/**
 * What becomes of a trace: the server's own decisions on a machine whose cores starts and inputs share. With `fixed`,
 * every function has as many containers as inputs wait, up to so many, whatever the autoscaler would say.
 */
export function simulate(trace: Trace, fixed?: number): Simulated {
  const machine = new SharedCores(trace.machine.cores);
  const pools = trace.workloads.map((workload) => new SimulatedPool(workload, machine, fixed));
  const total = trace.workloads.reduce((sum, { arrivalsMs }) => sum + arrivalsMs.length, 0);
  const offer = offerOf(trace);
  const waiting = new Map<SimulatedTask, { need: Need; since: number; heldSince: number | undefined }>();
  /** When each is to be asked again: a later answer takes the place of the one before. */
  const rechecks = new Map<SimulatedPool, number | undefined>();
  let ids = 0;
  let startMs = usualStartMs;

  const live = () => pools.flatMap((pool) => pool.tasks);
  const settle = () => {
    const { nowMs } = machine;
    const wanted = [...waiting].map(([task, entry]) => {
      const { need } = task.owner;
      if (need !== entry.need) Object.assign(entry, { need, since: nowMs, heldSince: undefined });
      const heldMs = entry.heldSince === undefined ? undefined : nowMs - entry.heldSince;
      return {
        taskId: task.taskId,
        request: task.owner.workload.request,
        need,
        waitedMs: nowMs - entry.since,
        heldMs,
      };
    });
    const tasks = new Map(live().map((task) => [task.taskId, task]));
    const placed = tenuresOf(tasks.values(), nowMs);
    for (const step of planPlacements(wanted, placed, placed.reduce(takeAway, [offer]))) {
      const task = tasks.get(step.taskId);
      const entry = task && waiting.get(task);
      if (!entry) continue;
      if (step.kind === "place") {
        waiting.delete(task);
        task.owner.place(task, step.placement, () => {
          const starting = 1 + live().filter((each) => each.state === "starting").length;
          const { placed: from = 0, ready = 0 } = task.moments;
          task.owner.pace.sawStart(ready - from, { starting, cores: machine.cores });
          startMs = task.owner.pace.startMs ?? startMs;
          look();
        });
        continue;
      }
      if (step.held) entry.heldSince ??= nowMs;
      for (const taskId of step.evict) {
        const evicted = tasks.get(taskId);
        evicted?.owner.drain(evicted, look);
      }
    }
  };
  const evaluate = (pool: SimulatedPool) => {
    const surroundings = () => ({
      busy: pool.tasks.filter((each) => each.load > 0).length,
      active: live().filter((each) => each.state === "starting" || each.load > 0).length,
    });
    const onChange = () => {
      evaluate(pool);
      if (waiting.size > 0) settle();
    };
    pool.handOut({ onChange, surroundings });
    const starting = (each: SimulatedTask) => each.state === "starting" && each.owner !== pool;
    const decision = pool.decide({
      startingElsewhere: live().filter(starting).length,
      usualStartMs: startMs,
    });
    for (const task of pool.tasks.filter((each) => decision.drain.includes(each.taskId))) {
      waiting.delete(task);
      pool.drain(task, look);
    }
    for (let count = 0; count < decision.start; count++) {
      const task = new SimulatedTask(`ta-${ids++}`, pool);
      waiting.set(task, { need: pool.need, since: machine.nowMs, heldSince: undefined });
      pool.tasks.push(task);
      settle();
      if (task.state === "queued") break;
    }
    const { recheckAtMs } = decision;
    rechecks.set(pool, recheckAtMs);
    if (recheckAtMs === undefined) return;
    machine.at(recheckAtMs, () => {
      if (rechecks.get(pool) === recheckAtMs) evaluate(pool);
    });
  };
  const look = () => {
    for (const pool of pools) evaluate(pool);
    settle();
  };
  const lookAgain = () => {
    look();
    machine.at(machine.nowMs + lookAgainMs, lookAgain);
  };

  for (const pool of pools) {
    for (const atMs of pool.workload.arrivalsMs) {
      machine.at(atMs, () => {
        pool.arrive();
        evaluate(pool);
      });
    }
  }
  machine.at(0, lookAgain);
  const done = () => pools.reduce((sum, pool) => sum + pool.waitedMs.length, 0);
  while (done() < total) {
    if (!machine.step() || machine.nowMs > longestMs) throw new Error(`"${trace.title}" does not end`);
  }
  const waited = pools.flatMap((pool) => pool.waitedMs);
  return {
    endMs: machine.nowMs,
    meanMs: waited.reduce((sum, ms) => sum + ms, 0) / waited.length,
    started: pools.reduce((sum, pool) => sum + pool.started, 0),
  };
}

/** The best that any fixed number of containers for each function does, by what `of` looks at. */
export function bestFixed(
  trace: Trace,
  of: (result: Simulated) => number,
): { containers: number; result: Simulated } {
  const inputs = Math.max(...trace.workloads.map(({ arrivalsMs }) => arrivalsMs.length));
  // With a container for each input more of them change nothing.
  const different = [1, 2, 3, 4, 6, 8, 12, 16, 24].filter((_, at, all) => (all[at - 1] ?? 0) < inputs);
  const results = different.map((containers) => ({
    containers,
    result: simulate(trace, containers),
  }));
  return results.reduce((best, each) => (of(each.result) < of(best.result) ? each : best));
}

function offerOf({ machine }: Trace): WorkerOffer {
  const { cores, memoryMb } = machine;
  const gpus = Array.from({ length: machine.gpus }, (_, at) => ({ type: "H100", device: String(at) }));
  const total = { milliCpu: cores * 1_000, memoryMb, gpus };
  return { workerId: "wo-1", name: "one", total, free: total, simulatedGpus: false, runtimes: ["runc"] };
}
