import { offAbort, onAbort } from "./on-abort.ts";

/**
 * What `work` comes to, unless `signal` aborts first: then its reason is thrown. The work itself goes on; what it comes to later,
 * a failure too, is nobody's any more.
 */
export async function orAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const outcome = await firstOf(work, signal);
  if (outcome.kind === "aborted") throw signal.reason;
  return outcome.value;
}

/** Waits as {@link orAborted} does, for who goes on either way: undefined when `signal` aborts first. */
export async function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T | undefined> {
  const outcome = await firstOf(work, signal);
  return outcome.kind === "aborted" ? undefined : outcome.value;
}

/** Waits for the first, without a race: a promise that many races wait for, one after the other, would keep what each of them came to. */
function firstOf<T>(
  work: PromiseLike<T>,
  signal: AbortSignal,
): Promise<{ kind: "done"; value: T } | { kind: "aborted" }> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve({ kind: "aborted" });
    if (signal.aborted) abort();
    else onAbort(signal, abort);
    work.then(
      (value) => {
        offAbort(signal, abort);
        resolve({ kind: "done", value });
      },
      (error: unknown) => {
        offAbort(signal, abort);
        reject(error);
      },
    );
  });
}
