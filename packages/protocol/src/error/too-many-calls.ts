import { AppError } from "@dorian/base/app-error";

/** Refuses a container that makes more calls than it may, in whatever way. */
export function tooManyCalls(open: number): AppError {
  return new AppError("TASK_CALLS_TOO_MANY", `This container has ${open} calls to the platform open.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Wait for some of them before making more; `map` does so by itself.",
  });
}
