import { AppError, messageOf } from "@dorian/base/app-error";
import { onAbort } from "@dorian/base/on-abort";
import { sleep } from "@dorian/base/sleep";

/**
 * How a deed went. `refused` is told before anything was accepted, or by a client that found no server: the caller may come
 * again. `told`: its container was lost after a generator had yielded values, which cannot be taken back.
 */
export type Outcome = { kind: "done" | "told" } | { kind: "refused" | "lost"; why: string };

/**
 * What clients say that find no server: the official one repeats a request for less than a second, a browser hardly at all, and ours
 * for a minute. An attribute `_transport` is what its gRPC library misses when a connection closes while a call begins on it.
 */
const saysServerAway =
  /\b(ConnectionError|no attribute '_transport'|ServiceError|StreamTerminatedError|Connection lost|Connect call failed|UNAVAILABLE|SERVER_UNREACHABLE|ECONNREFUSED|ECONNRESET|socket hang up)\b/;

/** Time after which nobody would still wait: far beyond every fault. */
const patienceMs = 180_000;

/** Does it until it is accepted. */
export async function perform(
  deed: () => Promise<void>,
  options: {
    signal: AbortSignal;
    /** Whether a fault had taken the server away at any time since so many milliseconds, as `performance.now` counts. */
    wasServerAway: (sinceMs: number) => boolean;
  },
): Promise<{ outcome: Outcome; refusals: readonly string[] }> {
  const late = AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)]);
  const refusals: string[] = [];
  for (;;) {
    const beganAtMs = performance.now();
    const outcome = await Promise.race([
      attempt(deed, () => options.wasServerAway(beganAtMs)),
      lateness(late),
    ]);
    if (outcome.kind !== "refused") return { outcome, refusals };
    refusals.push(outcome.why);
    try {
      await sleep(500, { signal: late });
    } catch {
      return { outcome: { kind: "lost", why: "it was still refused after minutes" }, refusals };
    }
  }
}

async function attempt(deed: () => Promise<void>, wasServerAway: () => boolean): Promise<Outcome> {
  try {
    await deed();
    return { kind: "done" };
  } catch (error) {
    const text = messageOf(error);
    const code = AppError.is(error) ? `${error.code}: ` : "";
    const why = `${code}${text}`;
    if (AppError.is(error) && error.status === "RESOURCE_EXHAUSTED") return { kind: "refused", why };
    // User code that has no room to write or to commit says so, and may be repeated.
    if (/ENOSPC|No space left|disk is (nearly )?full|STORAGE_FULL/.test(text))
      return { kind: "refused", why };
    if (text.includes("so it was not run again")) return { kind: "told" };
    // Said by the next server to official clients, whose users build again: steps that had finished must not run again then.
    if (text.includes("was interrupted by a restart of the server")) return { kind: "refused", why };
    if (saysServerAway.test(why) && wasServerAway()) return { kind: "refused", why };
    return { kind: "lost", why };
  }
}

function lateness(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const tell = () => resolve({ kind: "lost", why: `no answer after ${patienceMs / 1000} s` });
    if (signal.aborted) tell();
    else onAbort(signal, tell);
  });
}
