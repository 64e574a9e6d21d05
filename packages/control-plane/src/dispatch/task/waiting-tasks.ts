import { place, type Placement, type WorkerOffer } from "../placement/placement.ts";
import { planPlacements, type Need } from "../placement/placement-plan.ts";
import type { Task } from "./task.ts";
import { tenuresOf } from "./tenures.ts";

export interface WaitingTasksOptions {
  offers: () => readonly WorkerOffer[];
  /** Every container, those that wait included. */
  live: () => Iterable<Task>;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  events: {
    placed(task: Task, placement: Extract<Placement, { kind: "placed" }>, freezeRoot: boolean): void;
    /** `unmet`: no worker that is there could ever take it. */
    waits(task: Task, why: { reason: string; unmet: boolean }): void;
    evicted(task: Task, sake: Task): void;
  };
}

/** Many calls change who is idle: those that wait are looked at once for all of them. */
const settleAfterMs = 20;
/** One that waits for what is busy may do more to get it as time goes by. */
const lookAgainMs = 1_000;

interface Waiting {
  task: Task;
  freezeRoot: boolean;
  need: Need;
  /** Since when it has needed a place for that reason, on that clock: one that was served has not waited. */
  since: number;
  /** Since when the busy leave for it. */
  heldSince: number | undefined;
}

/** Containers that have no place yet. */
export class WaitingTasks implements Disposable {
  #options: WaitingTasksOptions;
  /** Ordered by age. */
  #waiting = new Map<string, Waiting>();
  #soon: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor(options: WaitingTasksOptions) {
    this.#options = options;
  }

  /** Gives it a place now, or when there is room. */
  add(task: Task, freezeRoot: boolean): void {
    if (this.#waiting.size === 0) {
      const placement = place(task.facts.request, this.#options.offers());
      if (placement.kind === "placed") {
        this.#options.events.placed(task, placement, freezeRoot);
        return;
      }
    }
    const since = this.#options.elapsedMs();
    this.#waiting.set(task.taskId, { task, freezeRoot, need: needOf(task), since, heldSince: undefined });
    this.settle();
  }

  settle(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    clearTimeout(this.#later);
    for (const { task } of this.#waiting.values()) if (task.isOver) this.#waiting.delete(task.taskId);
    if (this.#waiting.size === 0) return;
    const { offers, live, events, elapsedMs } = this.#options;
    const nowMs = elapsedMs();
    const wanted = [...this.#waiting.values()].map((waiting) => {
      const need = needOf(waiting.task);
      if (need !== waiting.need) Object.assign(waiting, { need, since: nowMs, heldSince: undefined });
      const { taskId, facts } = waiting.task;
      const { since, heldSince } = waiting;
      const heldMs = heldSince === undefined ? undefined : nowMs - heldSince;
      return { taskId, request: facts.request, need, waitedMs: nowMs - since, heldMs };
    });
    const tasks = new Map([...live()].map((task) => [task.taskId, task]));
    let couldBeMet = false;
    for (const step of planPlacements(wanted, tenuresOf(tasks.values(), nowMs), offers())) {
      const waiting = this.#waiting.get(step.taskId);
      if (!waiting) continue;
      const { task, freezeRoot } = waiting;
      if (step.kind === "place") {
        this.#waiting.delete(step.taskId);
        events.placed(task, step.placement, freezeRoot);
        continue;
      }
      couldBeMet ||= !step.unmet;
      if (step.held) waiting.heldSince ??= nowMs;
      events.waits(task, step);
      for (const taskId of step.evict) {
        const evicted = tasks.get(taskId);
        if (evicted) events.evicted(evicted, task);
      }
    }
    if (couldBeMet) this.#later = setTimeout(() => this.settle(), lookAgainMs).unref();
  }

  settleSoon(): void {
    if (this.#waiting.size > 0) this.#soon ??= setTimeout(() => this.settle(), settleAfterMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#soon);
    clearTimeout(this.#later);
  }
}

function needOf({ owner }: Task): Need {
  return owner.need ?? "first";
}
