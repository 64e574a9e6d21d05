import type { Calls } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import type { FunctionSpec } from "../ports.ts";
import type { InputQuestion, Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Attempts } from "./attempts.ts";
import { nextBatch } from "./batching.ts";
import type { InputQueue } from "./input-queue.ts";
import type { Quarantine } from "./quarantine.ts";
import { WaitingPolls, type Poll } from "./waiting-polls.ts";

/** Containers say how long inputs may wait for others, in numbers that no timer takes. */
const longestLingerMs = 3_600_000;

export interface DeliveryOptions {
  spec: () => FunctionSpec | undefined;
  queue: InputQueue<CallInput>;
  /** The pool's containers. */
  own: ReadonlySet<Task>;
  attempts: Attempts;
  quarantine: Quarantine;
  calls: Calls;
  tasks: Tasks;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

/** Gives waiting inputs to the containers of a pool that ask for some. */
export class Delivery implements Disposable {
  #options: DeliveryOptions;
  #polls = new WaitingPolls();
  /** Looks again at inputs that wait for others to go out with. */
  #linger: NodeJS.Timeout | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Resolves with what the container gets, or with nothing when the wait is over or it is leaving. */
  ask(task: Task, question: InputQuestion): Promise<CallInput[]> {
    const waiting = this.#polls.wait(task, question);
    this.handOut();
    return waiting;
  }

  /** Whoever waits for inputs on behalf of this container gets none. */
  dismiss(task: Task): void {
    this.#polls.dismiss((poll) => poll.task === task);
  }

  handOut(): void {
    const { queue, quarantine } = this.#options;
    this.#handOutSuspects();
    while (queue.size > queue.aloneSize) {
      const poll = this.#polls.take((task) => !quarantine.holds(task));
      if (!poll) return;
      const inputs = this.#takeFor(poll);
      if (inputs.length === 0) {
        this.#polls.add(poll);
        return;
      }
      this.#give(poll, inputs);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#linger);
    this.#polls.dismiss(() => true);
  }

  #handOutSuspects(): void {
    const { queue, quarantine, own } = this.#options;
    for (let input = queue.peekAlone(); input; input = queue.peekAlone()) {
      if (input.state.kind !== "pending") {
        queue.remove(input);
        continue;
      }
      if (!quarantine.hasRoom(own)) break;
      const poll = this.#polls.take((task) => task.load === 0);
      if (!poll) return quarantine.empty(own);
      queue.remove(input);
      quarantine.begin(poll.task);
      this.#give(poll, [input]);
    }
    quarantine.emptyNone();
  }

  /** Takes what the container gets now: nothing when the queue is empty or its inputs may wait for others. */
  #takeFor(poll: Poll): CallInput[] {
    const { queue, elapsedMs } = this.#options;
    const { maxSize, lingerMs } = poll.batch;
    if (maxSize <= 1) {
      const input = queue.take();
      return input ? [input] : [];
    }
    const nowMs = elapsedMs();
    const { items, dueAtMs } = nextBatch(queue, { maxSize, lingerMs, nowMs });
    for (const input of items) queue.remove(input);
    clearTimeout(this.#linger);
    if (items.length === 0 && queue.size > 0)
      this.#linger = setTimeout(
        () => this.handOut(),
        Math.min(Math.max(1, dueAtMs - nowMs), longestLingerMs),
      );
    return items;
  }

  #give(poll: Poll, inputs: CallInput[]): void {
    const { attempts, calls } = this.#options;
    const { task } = poll;
    task.inputs.remember(poll.key, inputs);
    const batch = new Set(inputs);
    for (const input of inputs) {
      calls.started(input, task.taskId);
      attempts.begin(task, input, batch);
    }
    poll.answer(inputs);
    task.inputsTaken += inputs.length;
    this.#leaveWhenUsedUp(task);
  }

  #leaveWhenUsedUp(task: Task): void {
    const definition = this.#options.spec()?.definition;
    const limit = definition?.singleUseContainers ? 1 : (definition?.maxInputs ?? 0);
    if (limit > 0 && task.inputsTaken >= limit)
      this.#options.tasks.drain(task, "it has taken as many inputs as it may");
  }
}
