import type { GenericResult } from "@dorian/protocol/modal";
import type { CallInput } from "../call/function-call.ts";
import {
  afterFailedStart,
  afterNewDemand,
  noFailures,
  outOfPatience,
  patienceMs,
  whatFollows,
  type StartFailure,
} from "../failure/crash-loop.ts";
import type { Task } from "../task/task.ts";
import type { TaskLog } from "../task/task-log.ts";
import type { InputQueue } from "./input-queue.ts";

export interface FailedStartsOptions {
  queue: InputQueue<CallInput>;
  /** The pool's containers. */
  own: ReadonlySet<Task>;
  taskLog: TaskLog;
  /** Gives these waiting inputs this result. */
  fail: (inputs: readonly CallInput[], result: GenericResult) => void;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

/** Starts of a pool's containers that failed, with none between that succeeded: how long it pauses, and whose calls fail with them. */
export class FailedStarts {
  #options: FailedStartsOptions;
  #state = noFailures;
  /** The function's, when it was looked at last. */
  #revision: number | undefined;

  constructor(options: FailedStartsOptions) {
    this.#options = options;
  }

  get pausedUntilMs(): number {
    return this.#state.pausedUntilMs;
  }

  /** How many may start at once: until one has started, each is a try, and more of them would be in the way of others. */
  get maxStarting(): number {
    return this.#state.failures > 0 ? 1 : Infinity;
  }

  /** Inputs come after there were none: somebody asks anew. */
  newDemand(): void {
    this.#state = afterNewDemand(this.#state);
  }

  /** What another revision failed at says nothing about this one. */
  sawRevision(revision: number | undefined): void {
    if (revision !== this.#revision) this.forget();
    this.#revision = revision;
  }

  /** One has started. */
  forget(): void {
    this.#state = noFailures;
  }

  failed(task: Task, failure: StartFailure): void {
    const { queue, own, taskLog, fail } = this.#options;
    const nowMs = this.#options.elapsedMs();
    const { state, told } = afterFailedStart(this.#state, failure, nowMs);
    this.#state = state;
    const othersServe = [...own].some((each) => each.state === "ready");
    if (othersServe) return;
    if (told === "all")
      fail(
        queue.takeWhere(() => true),
        failure.result,
      );
    if (told === "patient") {
      const hasWaited = (input: CallInput) => input.waitingSinceMs <= nowMs - patienceMs;
      fail(queue.takeWhere(hasWaited), outOfPatience(failure.result));
    }
    if (queue.size > 0) taskLog.tell(task, whatFollows(task.facts.tag, state, nowMs, queue.size));
  }
}
