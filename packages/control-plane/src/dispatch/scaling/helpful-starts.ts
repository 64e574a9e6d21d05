import type { SeenPace } from "./pace.ts";

export interface Machine {
  /** What all workers have together. */
  cores: number;
  /** Containers of other functions that are starting. */
  startingElsewhere: number;
}

export interface WorkAtHand {
  pendingInputs: number;
  /** For every input that is worked on, for how long it has been. */
  runningMs: readonly number[];
  ready: number;
  starting: number;
  /** Inputs that a container works on at once. */
  slots: number;
}

/** So much waiting, of all inputs together, has to be saved for the time of a start. */
const savedPerStart = 1;

/**
 * How many more containers, `most` at most, save more waiting than they cost. A start takes time, and starts share the
 * machine's cores: what the containers that are there will have done by then needs no other. As long as nothing is
 * known of the inputs there are as many containers as cores. One more shows whether more get more done; if so, or if
 * there is so much to do that it does not matter, their number may double with every round of starts.
 */
export function helpfulStarts(work: WorkAtHand, pace: SeenPace, machine: Machine, most: number): number {
  const { ready, starting, slots, pendingInputs } = work;
  const cores = Math.max(1, Math.floor(machine.cores));
  const there = ready + starting;
  if (pace.inputMs === undefined && there < cores) {
    const spare = cores - there - machine.startingElsewhere;
    return Math.min(most, Math.max(spare, there === 0 ? 1 : 0));
  }
  if (pace.useful <= there) return 0;
  const startMs = (more: number) =>
    pace.startMs * Math.max(1, (machine.startingElsewhere + starting + more) / cores);
  // What has taken longer than was to be expected is expected to take as long again, and so are others like it.
  const inputMs =
    pace.inputMs === undefined
      ? 2 * Math.max(0, ...work.runningMs)
      : Math.max(pace.inputMs, meanOf(work.runningMs));
  // Of each one by itself: inputs that wait for each other would else seem about to end for ever.
  const leftMs = work.runningMs.map((ms) =>
    ms < (pace.inputMs ?? 0) ? inputMs - ms : Math.max(ms, inputMs - ms),
  );
  const free = [
    ...leftMs,
    ...copies(Math.max(0, ready * slots - leftMs.length), 0),
    // Those that are starting have on average half of it behind them.
    ...copies(starting * slots, startMs(0) / 2),
  ];
  const without = waitFor(pendingInputs, inputMs, free);
  const workMs = pendingInputs * inputMs + leftMs.reduce((sum, ms) => sum + ms, 0);
  const round = roundOf({ ready, starting, cores }, pace, workMs);
  const limit = Math.min(most, Math.max(round, there === 0 ? 1 : 0), pace.useful - there);
  let best = { more: 0, costMs: without.sumMs };
  for (const more of limit > 0 ? growing(limit) : []) {
    const { sumMs } = waitFor(pendingInputs, inputMs, [...free, ...copies(more * slots, startMs(more))]);
    const costMs = sumMs + savedPerStart * more * pace.startMs;
    if (costMs < best.costMs) best = { more, costMs };
  }
  return best.more;
}

/** How much of the time that the work takes may go into starts of which nobody knows whether they help. */
const ventured = 0.1;

/** How many may start now: as many as there are cores; then, if more get more done, as many as are ready. */
function roundOf(
  { ready, starting, cores }: { ready: number; starting: number; cores: number },
  pace: SeenPace,
  workMs: number,
): number {
  const there = ready + starting;
  if (there < cores) return cores - there;
  const next = ready - starting;
  if (pace.isProven) return next;
  const affordable = Math.floor((ventured * workMs) / pace.startMs);
  return Math.min(next, cores + Math.max(1, affordable) - there);
}

/** From so many inputs for each who takes them it makes no difference that none is divided. */
const manyEach = 8;

/** How long inputs wait for their end, together, and the last of them: each is taken by who is free first. */
function waitFor(
  inputs: number,
  inputMs: number,
  freeAfterMs: readonly number[],
): { sumMs: number; lastMs: number } {
  if (freeAfterMs.length === 0) return { sumMs: Infinity, lastMs: Infinity };
  const free = freeAfterMs.toSorted((a, b) => a - b);
  if (inputs > manyEach * free.length) return waitForMany(inputs, inputMs, free);
  const wait = { sumMs: 0, lastMs: 0 };
  let first = 0;
  // Who has taken one is free again in the order of taking: both lists are sorted.
  const again: number[] = [];
  let firstAgain = 0;
  for (let taken = 0; taken < inputs; taken++) {
    const fresh = free[first] ?? Infinity;
    const used = again[firstAgain] ?? Infinity;
    if (fresh <= used) first++;
    else firstAgain++;
    wait.lastMs = Math.min(fresh, used) + inputMs;
    wait.sumMs += wait.lastMs;
    again.push(wait.lastMs);
  }
  return wait;
}

/** Estimates the same for work that can be divided: it fills up the time of all to one level. */
function waitForMany(
  inputs: number,
  inputMs: number,
  free: readonly number[],
): { sumMs: number; lastMs: number } {
  let freeMs = 0;
  let squares = 0;
  let count = 0;
  let lastMs = Infinity;
  for (const each of free) {
    if (each >= lastMs) break;
    freeMs += each;
    squares += each ** 2;
    count++;
    lastMs = (inputs * inputMs + freeMs) / count;
  }
  return { sumMs: (count * lastMs ** 2 - squares) / (2 * Math.max(inputMs, Number.EPSILON)), lastMs };
}

/** 1, 2, 3, 4, 6, 8, 12, … and the limit: enough to choose from. */
function growing(limit: number): number[] {
  const numbers = [1, 2, 3];
  for (let step = 4; step < limit; step *= 2) numbers.push(step, step * 1.5);
  return [...numbers.filter((each) => each < limit), limit];
}

function copies(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
