import { AppError } from "@dorian/base/app-error";

const code = "WORKER_LOST";

/** The worker that was at a build is gone. */
export function workerLost(name: string): AppError {
  return new AppError(code, `Worker ${name} was lost during the build.`, {
    status: "UNAVAILABLE",
    remedy: "Run the command again: finished steps are kept.",
  });
}

export function isWorkerLost(error: unknown): error is AppError {
  return AppError.is(error) && error.code === code;
}
