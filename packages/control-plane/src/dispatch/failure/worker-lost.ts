import { AppError } from "@dorian/base/app-error";

const lost = "WORKER_LOST";
const interrupted = "BUILD_INTERRUPTED";

/** The worker that was at a build is gone. */
export function workerLost(name: string): AppError {
  return new AppError(lost, `Worker ${name} was lost during the build.`, {
    status: "UNAVAILABLE",
    remedy: "Run the command again: finished steps are kept.",
  });
}

/** The container of a build function was ended by somebody or something outside of it. */
export function buildInterrupted(reason: string): AppError {
  return new AppError(interrupted, `The build was interrupted: ${reason}`, {
    status: "UNAVAILABLE",
    remedy: "Run the command again: finished steps are kept.",
  });
}

/** No fault of the build's: it may be begun again. */
export function isInterruption(error: unknown): error is AppError {
  return AppError.is(error) && (error.code === lost || error.code === interrupted);
}
