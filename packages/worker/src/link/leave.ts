import { Deadline } from "@dorian/base/deadline";
import { sleep } from "@dorian/base/sleep";

/** What a worker that ends has to bring to its end. */
export interface Departing {
  /** Tells the server: it sends nothing new. */
  announce(): void;
  /** Nothing runs here any more. */
  isIdle(): boolean;
  /** For how many milliseconds the server has been away; 0 while it is there. */
  serverAwayMs(): number;
  /** Ends what still runs, which is for other workers then. Resolves when it has ended. */
  handBack(options: { graceMs: number }): Promise<void>;
}

export interface LeaveOptions {
  /** Milliseconds in which what runs may come to its end. */
  workMs: number;
  /** Milliseconds between SIGINT and SIGKILL for what does not: exit hooks and last commits. */
  exitMs: number;
  signal: AbortSignal;
}

/** Milliseconds without the server after which nothing is waited for: what is done could not be handed over. */
const longestAwayMs = 10_000;
const lookEveryMs = 100;

/** A worker's end: it says goodbye, gets nothing new, finishes what it has, and hands back the rest. */
export async function leave(departing: Departing, options: LeaveOptions): Promise<void> {
  const { workMs, exitMs, signal } = options;
  departing.announce();
  const deadline = new Deadline(workMs);
  while (!deadline.isOver && !signal.aborted && !departing.isIdle()) {
    if (departing.serverAwayMs() > longestAwayMs) break;
    await sleep(lookEveryMs, { signal }).catch(() => undefined);
  }
  await departing.handBack({ graceMs: signal.aborted ? 0 : exitMs });
}
