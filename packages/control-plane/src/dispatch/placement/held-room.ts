/** Time that the first container of a function that is called waits its turn, before the busy leave for its sake. */
const patienceMs = 5_000;
/** First time that room is held; then twice as long each time, so that what runs ends within one of them, however long it takes. */
const firstHoldMs = 30_000;
/** Time between two in which others may take the room: what is small is not kept waiting by one that is large. */
const openMs = 10_000;

export interface Wait {
  waitedMs: number;
  /** Since the first time that something busy was told to leave for it; undefined when nothing was. */
  heldMs?: number | undefined;
}

/** True while room is held for one that has waited for so long, and the busy leave for its sake. */
export function holdsRoom({ waitedMs, heldMs }: Wait): boolean {
  if (heldMs === undefined) return waitedMs >= patienceMs;
  let fromMs = 0;
  for (let holdMs = firstHoldMs; heldMs >= fromMs; holdMs *= 2) {
    if (heldMs < fromMs + holdMs) return true;
    fromMs += holdMs + openMs;
  }
  return false;
}

/** A turn of a busy container, at least. */
const shortestTurnMs = 10_000;
/** A turn is so many times as long as the start was: no machine spends most of its time on starts. */
const turnsPerStart = 4;

/** True when a busy container has served for long enough to leave for one that waits. */
export function hadItsTurn(served: { servedMs: number; startMs: number }): boolean {
  return served.servedMs >= Math.max(shortestTurnMs, served.startMs * turnsPerStart);
}
