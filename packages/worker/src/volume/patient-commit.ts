import { AppError, explanationOf } from "@dorian/base/app-error";
import { Patience } from "@dorian/base/patience";

/**
 * Longest time in milliseconds that an answer waits for a commit that fails, as on a full disk, before it is a failure.
 * Above it are the limits of functions, below it the seconds in which somebody makes room or a server starts again.
 */
const commitPatienceMs = 30_000;

/** Tries again, with pauses, what may succeed later. */
export async function patiently(
  commit: () => Promise<unknown>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void = () => undefined,
): Promise<void> {
  const patience = new Patience({ limitMs: commitPatienceMs, firstMs: 100, maxMs: 2_000 });
  for (;;) {
    try {
      await commit();
      return;
    } catch (error) {
      if (signal.aborted || isLasting(error)) throw error;
      onFailure(error);
      if (!(await patience.again({ signal }))) throw error;
    }
  }
}

/** True for what only a change of what was written can mend, such as a file name. */
function isLasting(error: unknown): boolean {
  return (
    AppError.is(error) && ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND"].includes(error.status)
  );
}

export function notCommitted(mountPath: string, cause: unknown): AppError {
  const status = AppError.is(cause) ? cause.status : "UNAVAILABLE";
  const because = AppError.is(cause) ? cause.message : explanationOf(cause);
  const remedy = AppError.is(cause) ? cause.remedy : "The worker's log may say more; try again.";
  return new AppError(
    "VOLUME_NOT_COMMITTED",
    `What this call wrote to the volume at ${mountPath} could not be committed: ${because}`,
    { status, remedy, cause },
  );
}
