import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";

export const graceOption: OptionDefinition = {
  name: "grace",
  value: "seconds",
  description: "Time for running inputs and builds to end when the worker stops (30)",
};

const defaultGraceSecs = 30;
/** A day: what takes longer is not waited for, but drained beforehand. */
const mostGraceSecs = 86_400;

/** How a worker ends, and the words for it. */
export function readGrace(input: Pick<Input, "wholeNumber">): {
  graceSecs: number;
  stopping: { words: string; workMs: number };
} {
  const graceSecs = input.wholeNumber("grace", 0) ?? defaultGraceSecs;
  if (graceSecs > mostGraceSecs) {
    throw new UsageError(
      `--grace is at most ${mostGraceSecs}, not ${graceSecs}.`,
      "`dorian worker drain` empties a worker before it is stopped.",
    );
  }
  const words = `running inputs have ${graceSecs} s to end, then containers 30 s for their exit hooks; a second Ctrl-C kills them`;
  return { graceSecs, stopping: { words, workMs: graceSecs * 1000 } };
}
