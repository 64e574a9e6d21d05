import { helpfulStarts, type Machine } from "./helpful-starts.ts";
import type { SeenPace } from "./pace.ts";
import type { ScalingSettings } from "./scaling-settings.ts";

export interface ScaledTask {
  taskId: string;
  /** `queued`: waits for room on a worker. `starting`: up to its first question for an input. */
  phase: "queued" | "starting" | "ready";
  runningInputs: number;
  /** For how long it has worked on each of them that has no answer; since the answer, on those that have. */
  runningMs: readonly number[];
  /** All that it works on waits for inputs that have been waiting here: it is not about to be free, and takes no core. */
  waits: boolean;
  /** When it became ready or finished its last input; meaningless while it works. */
  idleSinceMs: number;
  /** Runs a revision of the function that has been replaced. */
  outdated: boolean;
}

export interface ScalingSignals extends ScalingSettings {
  pendingInputs: number;
  /** Without those that drain or stop. */
  tasks: readonly ScaledTask[];
  /** Starts that failed are followed by a pause; until then nothing new is started. */
  pausedUntilMs: number;
  /** The function has been stopped. */
  active: boolean;
  /** How many may start at the same time, whatever the machine could do. */
  maxStarting: number;
  pace: SeenPace;
  machine: Machine;
  nowMs: number;
}

export interface ScalingDecision {
  start: number;
  /** Tasks to let finish what they have and then stop. */
  drain: string[];
  /** When to decide again although nothing happened. */
  recheckAtMs: number | undefined;
}

/**
 * How many containers to start and which to let go. A busy container is only let go when it is outdated and others can
 * take over; one that waits for room is enough to show that there is none, so no more are asked for meanwhile.
 */
export function decideScale(signals: ScalingSignals): ScalingDecision {
  const { tasks, active, nowMs } = signals;
  if (!active) return { start: 0, drain: tasks.map((task) => task.taskId), recheckAtMs: undefined };
  const current = tasks.filter((task) => !task.outdated);
  const outdated = tasks.filter((task) => task.outdated);
  const desired = desiredTasks(signals);
  const wanted = Math.max(signals.min, Math.min(helpfulTasks(signals, current, desired), signals.max));
  const start = tasksToStart(signals, current, wanted);

  const drain = replaceable(current, desired) ? outdated.map((task) => task.taskId) : [];
  const surplus = current.length - desired;
  const rechecks: number[] = [];
  if (surplus > 0) {
    const queued = current.filter((task) => task.phase === "queued");
    const idle = current
      .filter((task) => task.phase === "ready" && task.runningInputs === 0)
      .toSorted((a, b) => a.idleSinceMs - b.idleSinceMs);
    const expired = idle.filter((task) => task.idleSinceMs + signals.scaledownWindowMs <= nowMs);
    drain.push(...[...queued, ...expired].slice(0, surplus).map((task) => task.taskId));
    const next = idle[expired.length];
    if (next) rechecks.push(next.idleSinceMs + signals.scaledownWindowMs);
  }
  if (desired > current.length + start) {
    if (signals.pausedUntilMs > nowMs) rechecks.push(signals.pausedUntilMs);
    else if (signals.pendingInputs > 0) rechecks.push(nowMs + recheckMs(signals.pace));
  }
  return { start, drain, recheckAtMs: rechecks.length > 0 ? Math.min(...rechecks) : undefined };
}

function desiredTasks(signals: ScalingSignals): number {
  const running = signals.tasks.reduce((sum, task) => sum + task.runningInputs, 0);
  const work = signals.pendingInputs + running;
  const needed = Math.ceil(work / signals.targetConcurrency);
  const wanted = needed + (work > 0 ? signals.buffer : 0);
  return Math.max(signals.min, Math.min(wanted, signals.max));
}

/** No more than desired, and only as many as bring the end of the work nearer; besides, what is kept as a buffer. */
function helpfulTasks(signals: ScalingSignals, current: readonly ScaledTask[], desired: number): number {
  if (desired <= current.length) return desired;
  const { pendingInputs, targetConcurrency, pace, machine } = signals;
  const more = desired - current.length;
  const starting = countOf(current, "starting");
  const ready = current.filter((task) => task.phase === "ready" && !task.waits);
  const idle = ready.filter((task) => task.runningInputs === 0).length;
  const missing = Math.max(0, signals.buffer - starting - idle);
  // What outdated ones work on wants one that is not: they are let go when it is there.
  if (pendingInputs === 0)
    return current.length + Math.min(more, current.length === 0 ? missing + 1 : missing);
  const runningMs = ready.flatMap((task) => task.runningMs);
  const work = { pendingInputs, runningMs, ready: ready.length, starting, slots: targetConcurrency };
  return current.length + Math.min(more, missing + helpfulStarts(work, pace, machine, more));
}

/** Starts of one function at the same time, for each core. */
const startsPerCore = 2;

function tasksToStart(signals: ScalingSignals, current: readonly ScaledTask[], wanted: number): number {
  if (signals.pausedUntilMs > signals.nowMs || countOf(current, "queued") > 0) return 0;
  const byCores = Math.max(startsPerCore, Math.floor(signals.machine.cores * startsPerCore));
  const atOnce = Math.min(byCores, signals.maxStarting);
  return Math.max(0, Math.min(wanted - current.length, atOnce - countOf(current, "starting")));
}

/** Milliseconds until inputs that take longer than expected are looked at again. */
export function recheckMs(pace: SeenPace): number {
  return Math.min(500, Math.max(50, pace.startMs / 4));
}

function countOf(tasks: readonly ScaledTask[], phase: ScaledTask["phase"]): number {
  return tasks.filter((task) => task.phase === phase).length;
}

/** True when nobody needs the outdated tasks, or when they hold the room that their successor waits for. */
function replaceable(current: readonly ScaledTask[], desired: number): boolean {
  return desired === 0 || current.some((task) => task.phase !== "starting");
}
