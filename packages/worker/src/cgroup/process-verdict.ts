import { AppError } from "@dorian/base/app-error";
import type { ProcessCount } from "./process-count.ts";

/** What is remembered of a group from one look to the next. */
export interface Pressure {
  refused: number;
  /** Looks since a process was refused, at none of which the group was far from its limit. */
  looks: number;
  /** It has stayed at its limit, and asks for more all the time. */
  isStuck: boolean;
}

/** Shells that multiply die by hundreds when they are refused a child, and are there again at the next look. */
const fullPart = 0.5;
/** So many looks a program may take to get away from its limit by itself, as one does that is told of the refusal. */
const patientLooks = 10;

export function pressureAfter(before: Pressure | undefined, count: ProcessCount): Pressure {
  const { now, limit, refused } = count;
  const isRefused = before !== undefined && refused > before.refused;
  const isFull = now >= limit * fullPart && (isRefused || (before?.looks ?? 0) > 0);
  const looks = isFull ? (before?.looks ?? 0) + 1 : 0;
  return { refused, looks, isStuck: isRefused && looks > patientLooks };
}

/** Why one is ended that stays at its own limit. */
export function atOwnLimit({ limit }: ProcessCount): AppError {
  return new AppError(
    "PROCESS_LIMIT_REACHED",
    `It stayed at its limit of ${limit} processes and threads, and went on asking for more.`,
    {
      remedy:
        "Start fewer at a time, wait for those that have ended, or raise --container-pids of the worker.",
    },
  );
}

/** Why the one with most is ended when all together stay at theirs. */
export function holdsMost(count: ProcessCount, all: ProcessCount): AppError {
  return new AppError(
    "PROCESSES_SHORT",
    `The worker's containers stayed at their limit of ${all.limit} processes and threads together, and most were here: ${count.now}.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Start fewer at a time, or raise the machine's kernel.pid_max, of which containers get half.",
    },
  );
}
