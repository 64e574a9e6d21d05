import type { Task } from "../task/task.ts";

/** Enough that many suspects do not take for ever, and few enough that one death does not fill a machine. */
export const suspectsAtOnce = 4;

/**
 * The containers that are kept for suspects: inputs which others may have died of. One that works on a suspect gets
 * nothing else until it is done with it, and one gets nothing more so that it will be free for the next.
 */
export class Quarantine {
  #working = new Set<Task>();
  #emptying: Task | undefined;

  /** Whether a container is kept for suspects: it gets nothing else. */
  holds(task: Task): boolean {
    return this.#working.has(task) || this.#emptying === task;
  }

  isWorking(task: Task): boolean {
    return this.#working.has(task);
  }

  /** Whether one more may be kept: half of a few containers are left to inputs that are under no suspicion. */
  hasRoom(tasks: Iterable<Task>): boolean {
    const containers = [...tasks].filter((task) => !task.isLeaving).length;
    const half = Math.max(1, Math.floor(containers / 2));
    return this.#working.size < Math.min(suspectsAtOnce, half);
  }

  /** Notes that a container works on a suspect now. */
  begin(task: Task): void {
    this.#working.add(task);
    if (this.#emptying === task) this.#emptying = undefined;
  }

  /** Notes that a container works on nothing any more. */
  end(task: Task): void {
    this.#working.delete(task);
  }

  /** The least busy of the containers gets nothing more: a suspect might wait for ever until one is free by itself. */
  empty(tasks: Iterable<Task>): void {
    if (this.#emptying && !this.#emptying.isLeaving) return;
    const candidates = [...tasks].filter((task) => task.state === "ready" && !this.#working.has(task));
    this.#emptying = candidates.toSorted((a, b) => a.load - b.load)[0];
  }

  /** No suspect waits for a container. */
  emptyNone(): void {
    this.#emptying = undefined;
  }
}
