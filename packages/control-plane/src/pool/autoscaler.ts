import type { ScalingSettings } from "./scaling-settings.ts";

export interface ScaledTask {
  taskId: string;
  /** `queued`: waits for room on a worker. `starting`: up to its first question for an input. */
  phase: "queued" | "starting" | "ready";
  runningInputs: number;
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
  /** How many may start at the same time. */
  maxStarting: number;
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
  const start = tasksToStart(signals, current, desired);

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
  if (desired > current.length && signals.pausedUntilMs > nowMs) rechecks.push(signals.pausedUntilMs);
  return { start, drain, recheckAtMs: rechecks.length > 0 ? Math.min(...rechecks) : undefined };
}

function desiredTasks(signals: ScalingSignals): number {
  const running = signals.tasks.reduce((sum, task) => sum + task.runningInputs, 0);
  const work = signals.pendingInputs + running;
  const needed = Math.ceil(work / signals.targetConcurrency);
  const wanted = needed + (work > 0 ? signals.buffer : 0);
  return Math.max(signals.min, Math.min(wanted, signals.max));
}

function tasksToStart(signals: ScalingSignals, current: readonly ScaledTask[], desired: number): number {
  const count = (phase: ScaledTask["phase"]) => current.filter((task) => task.phase === phase).length;
  if (signals.pausedUntilMs > signals.nowMs || count("queued") > 0) return 0;
  return Math.max(0, Math.min(desired - current.length, signals.maxStarting - count("starting")));
}

/** True when nobody needs the outdated tasks, or when they hold the room that their successor waits for. */
function replaceable(current: readonly ScaledTask[], desired: number): boolean {
  return desired === 0 || current.some((task) => task.phase !== "starting");
}
