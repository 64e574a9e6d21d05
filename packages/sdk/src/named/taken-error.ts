import { AppError } from "@dorian/base/app-error";

/** A value that was taken and cannot be given as it should be. */
export interface RefusedValue {
  /** As it was put, before any schema; its bytes where it cannot be read. */
  value: unknown;
  /** Why it is refused. */
  error: AppError;
}

/**
 * Of what was taken from a queue or a dict, some cannot be read, or is not as the schema wants it. All that was taken is in it, so that
 * nothing is lost. Its code is that of the first refusal.
 *
 * @example
 * const numbers = Queue.fromName<number>("numbers", { createIfMissing: true });
 * const odd = Queue.fromName("odd", { createIfMissing: true });
 * const taken = await numbers.getMany(100, { timeout: 0 }).catch(async (error) => {
 *   if (!(error instanceof TakenError)) throw error;
 *   await odd.putMany(error.refused.map(({ value }) => value));
 *   return error.items;
 * });
 */
export class TakenError<T = unknown> extends AppError {
  /** What was taken with it and is as it should be, in its order. */
  readonly items: readonly T[];
  /** What is not, in its order; at least one. */
  readonly refused: readonly RefusedValue[];

  /** @internal */
  constructor(items: readonly T[], refused: readonly [RefusedValue, ...RefusedValue[]]) {
    const [{ error }] = refused;
    const taken = items.length + refused.length;
    const more =
      taken === 1
        ? ""
        : ` Of ${taken} that were taken ${refused.length === 1 ? "this one is" : `${refused.length} are`} refused; the error has them all.`;
    super(error.code, `${error.message}${more}`, {
      status: error.status,
      remedy: error.remedy,
      cause: error,
    });
    this.items = items;
    this.refused = refused;
  }
}
