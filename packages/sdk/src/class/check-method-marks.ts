import { AppError } from "@dorian/base/app-error";
import { checkBatching } from "../batch/check-batching.ts";
import type { ClassMarks } from "./class-marks.ts";
import { isGeneratorFunction } from "./registered.ts";

/**
 * Checks what a class says of the methods that callers and schedules run. Its containers serve all of its methods, and gather inputs,
 * and run by themselves, in one way.
 *
 * @throws AppError METHOD_BESIDE_BATCHED, METHODS_SCHEDULED, and those of batches
 */
export function checkMethodMarks(className: string, target: new () => object, { marks }: ClassMarks): void {
  const methods = marks.filter(({ kind }) => kind === "method");
  const batched = methods.find(({ batching }) => batching);
  if (batched) {
    const run = (target.prototype as Record<string, unknown>)[batched.name];
    checkBatching(`Method ${className}.${batched.name}`, batched.batching, {
      isGenerator: isGeneratorFunction(run),
      isScheduled: batched.schedule !== undefined,
    });
    // Requests come as inputs, too, of which a container for batches gets several at once.
    const other = marks.find((mark) => mark !== batched && (mark.kind === "method" || mark.kind === "web"));
    if (other) {
      throw new AppError(
        "METHOD_BESIDE_BATCHED",
        `Class ${className} has the method ${other.name} beside ${batched.name}, which is batched.`,
        { status: "INVALID_ARGUMENT", remedy: "Put one of them into a class of its own." },
      );
    }
  }
  const [first, second] = methods.filter(({ schedule }) => schedule);
  if (!first || !second) return;
  throw new AppError(
    "METHODS_SCHEDULED",
    `Class ${className} has two methods with a schedule: ${first.name} and ${second.name}.`,
    { status: "INVALID_ARGUMENT", remedy: "Put one of them into a class, or a function, of its own." },
  );
}
