import type { SnapshotPart, Starting } from "./snapshot-part.ts";

/** After so many in vain a function starts without a snapshot, until its app is deployed with a change. */
const limit = 3;

interface FailedTakes {
  functionId: string;
  count: number;
  isTold: boolean;
}

/** Which container takes a snapshot, and how often that came to nothing, by the key that it is for. */
export class Takers {
  #taking = new Map<string, Starting>();
  #failed = new Map<string, FailedTakes>();
  /** The key of the newest take for a function: what older ones bring is of what does not run any more. */
  #newest = new Map<string, string>();

  /** One at a time takes a snapshot; others start without. */
  next(key: string, task: Starting): SnapshotPart {
    const taker = this.#taking.get(key);
    if (taker?.isOver === false) return { kind: "none" };
    // It was lost with its worker.
    if (taker) this.failed(taker);
    const failed = this.#failed.get(key);
    if (failed && failed.count >= limit) return { kind: "none", ...noteOf(failed) };
    this.#taking.set(key, task);
    this.#newest.set(task.facts.functionId, key);
    return { kind: "take" };
  }

  /** It takes none any more. Tells what it was to take one for, and whether that is still what its function begins with. */
  stop(task: Starting): { key: string; isNewest: boolean } | undefined {
    const [key] = [...this.#taking].find(([, taker]) => taker === task) ?? [];
    if (key === undefined) return undefined;
    this.#taking.delete(key);
    return { key, isNewest: this.#newest.get(task.facts.functionId) === key };
  }

  /** Nothing comes of it, if it was to take one. */
  failed(task: Starting): void {
    const taking = this.stop(task);
    if (taking) this.count(taking.key, task.facts.functionId);
  }

  /** One was taken in vain. */
  count(key: string, functionId: string): void {
    const failed = this.#failed.get(key) ?? { functionId, count: 0, isTold: false };
    failed.count++;
    this.#failed.set(key, failed);
  }

  forgetOf(isGone: (functionId: string) => boolean): void {
    for (const [key, { facts }] of this.#taking) if (isGone(facts.functionId)) this.#taking.delete(key);
    for (const [key, { functionId }] of this.#failed) if (isGone(functionId)) this.#failed.delete(key);
    for (const functionId of this.#newest.keys()) if (isGone(functionId)) this.#newest.delete(functionId);
  }
}

/** Said once. */
function noteOf(failed: FailedTakes): { note?: string } {
  if (failed.isTold) return {};
  failed.isTold = true;
  return {
    note: `No memory snapshot is taken any more, after ${failed.count} that came to nothing. Each container starts anew until the app is deployed with a change.`,
  };
}
