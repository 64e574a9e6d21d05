import { create } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { nextBatch } from "@dorian/control-plane/dispatch/pool/batching";
import { isRetryable, retryDelayMs } from "@dorian/control-plane/dispatch/call/retry-policy";
import {
  AutoscalerSettingsSchema,
  GenericResult_GenericStatus as Status,
  type Function as FunctionDefinition,
  type GenericResult,
} from "@dorian/protocol/modal";
import type { MovableClock } from "../clock/test-clock.ts";
import { resultOf, type CallInput, type Outcome } from "./function-call.ts";
import type { Task } from "./task.ts";

/** Containers that a function has at the same time where it does not say: as on a machine of its size. */
const usualMaxContainers = 16;
const usualTimeoutSecs = 300;
const usualScaledownSecs = 60;

export interface PoolOptions {
  /** Read anew each time: options may change while it runs. */
  definition: () => FunctionDefinition;
  clock: MovableClock;
  startTask: () => Task;
  /** Told of whatever happens to inputs and containers. */
  activity: Notifier;
}

interface Running {
  task: Task;
  limit: Disposable;
  /** All that its container works on together with it. */
  batch: readonly CallInput[];
}

/** The containers of a function, or of one parameter set of a class, and the inputs that wait for them. */
export class Pool {
  readonly tasks = new Set<Task>();
  #options: PoolOptions;
  #waiting: CallInput[] = [];
  #running = new Map<CallInput, Running>();
  #delayed = new Map<CallInput, Disposable>();
  #idle = new Map<Task, Disposable>();
  /** Time limits of starts, until the first question for inputs. */
  #starting = new Map<Task, Disposable>();
  #changed = new Notifier();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** True while something runs, begins or ends here that does not wait for the clock. */
  get isBusy(): boolean {
    const isGathering = this.#options.definition().batchMaxSize > 0;
    const isChanging = [...this.tasks].some((task) => task.isLeaving) || this.#starting.size > 0;
    return this.#running.size > 0 || isChanging || (this.#waiting.length > 0 && !isGathering);
  }

  get backlog(): number {
    return this.#waiting.length;
  }

  get runningInputs(): number {
    return this.#running.size;
  }

  /** Containers that work on an input. */
  get activeTasks(): number {
    return new Set([...this.#running.values()].map(({ task }) => task)).size;
  }

  /** Inputs more that the containers that have started would take at once. */
  get inputHeadroom(): number {
    const { targetConcurrentInputs, batchMaxSize } = this.#options.definition();
    const places =
      targetConcurrentInputs > 0 ? targetConcurrentInputs * Math.max(1, batchMaxSize) : this.#slots;
    return [...this.tasks]
      .filter((task) => !task.isLeaving && !this.#starting.has(task))
      .reduce((sum, task) => sum + Math.max(0, places - this.#load(task)), 0);
  }

  enqueue(input: CallInput): void {
    input.waitingSinceMs = this.#options.clock.nowMs;
    this.#waiting.push(input);
    this.scale();
    this.#notify();
  }

  /** Starts the containers that there should be and are not. */
  scale(): void {
    if (this.#isClosed) return;
    const { minContainers = 0, maxContainers } = this.#settings;
    const most = maxContainers || usualMaxContainers;
    const live = () => [...this.tasks].filter((task) => !task.isLeaving);
    const free = () => live().length * this.#slots - this.#running.size;
    while (live().length < most && (live().length < minContainers || this.#waiting.length > free())) {
      const task = this.#options.startTask();
      this.tasks.add(task);
      this.#limitStart(task);
      void task.ended.then(() => this.#ended(task));
    }
  }

  /** The inputs that a container is to work on next; none when it is to leave. */
  async next(task: Task, signal: AbortSignal): Promise<CallInput[]> {
    release(this.#starting, task);
    this.#options.activity.notify();
    for (;;) {
      if (task.isLeaving) return [];
      const inputs = this.#take();
      if (inputs.length > 0) {
        for (const input of inputs) this.#begin(input, task, inputs);
        return inputs;
      }
      this.#watchIdle(task);
      await this.#changed.wait({ signal });
    }
  }

  /** Says what came of an input. What nobody waits for any more is dropped. */
  finish(input: CallInput, outcome: Outcome): void {
    const running = this.#end(input);
    this.#options.activity.notify();
    if (!running || input.output) return;
    if (this.#retry(input, outcome.result)) return;
    input.call.finish(input, outcome);
  }

  cancel(input: CallInput): void {
    if (input.output) return;
    this.#waiting = this.#waiting.filter((other) => other !== input);
    release(this.#delayed, input);
    const running = this.#end(input);
    // A container can only give up a whole batch: it goes on while others want theirs.
    const isWanted = running?.batch.some((other) => this.#running.get(other)?.batch === running.batch);
    if (!isWanted) running?.task.cancel(input.inputId);
    input.call.finish(input, { result: resultOf(Status.TERMINATED, "The call was cancelled.") });
  }

  /** A container could not start: whoever waits is told. */
  startFailed(task: Task, result: GenericResult): void {
    task.leave();
    for (const input of this.#waiting.splice(0)) input.call.finish(input, { result, taskId: task.taskId });
  }

  /** Ends the containers, and resolves when their exit hooks have run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timers of [this.#idle, this.#delayed, this.#starting] as Map<unknown, Disposable>[])
      for (const key of timers.keys()) release(timers, key);
    for (const { limit } of this.#running.values()) limit[Symbol.dispose]();
    for (const task of this.tasks) task.stop();
    this.#changed.notify();
    await Promise.all([...this.tasks].map(({ ended }) => ended));
  }

  get #settings() {
    return this.#options.definition().autoscalerSettings ?? create(AutoscalerSettingsSchema);
  }

  /** Inputs that one container works on at the same time. */
  get #slots(): number {
    const { maxConcurrentInputs, batchMaxSize } = this.#options.definition();
    return Math.max(1, maxConcurrentInputs) * Math.max(1, batchMaxSize);
  }

  /** Inputs that a container works on. */
  #load(task: Task): number {
    return [...this.#running.values()].filter((running) => running.task === task).length;
  }

  #notify(): void {
    this.#changed.notify();
    this.#options.activity.notify();
  }

  #take(): CallInput[] {
    const { batchMaxSize, batchLingerMs } = this.#options.definition();
    if (batchMaxSize === 0) return this.#waiting.splice(0, 1);
    const { clock } = this.#options;
    const batchable = this.#waiting.map((input) => ({
      input,
      method: input.input.methodName ?? "",
      waitingSinceMs: input.waitingSinceMs,
    }));
    const lingerMs = Number(batchLingerMs);
    const { items, dueAtMs } = nextBatch(batchable, { maxSize: batchMaxSize, lingerMs, nowMs: clock.nowMs });
    const taken = new Set(items.map(({ input }) => input));
    this.#waiting = this.#waiting.filter((input) => !taken.has(input));
    if (taken.size === 0 && dueAtMs < Infinity)
      clock.after(dueAtMs - clock.nowMs, () => this.#changed.notify());
    return [...taken];
  }

  #begin(input: CallInput, task: Task, batch: readonly CallInput[]): void {
    release(this.#idle, task);
    const limitMs = (this.#options.definition().timeoutSecs || usualTimeoutSecs) * 1000;
    const limit = this.#options.clock.after(limitMs, () => {
      const text = `The call took longer than its timeout of ${limitMs / 1000} s.`;
      this.finish(input, { result: resultOf(Status.TIMEOUT, text), taskId: task.taskId });
      task.stop();
      this.scale();
    });
    this.#running.set(input, { task, limit, batch });
  }

  #limitStart(task: Task): void {
    const { startupTimeoutSecs, timeoutSecs } = this.#options.definition();
    const seconds = startupTimeoutSecs || timeoutSecs || usualTimeoutSecs;
    const text = `The container did not start within its timeout of ${seconds} s.`;
    const fail = () => {
      this.startFailed(task, resultOf(Status.INIT_FAILURE, text));
      task.stop();
    };
    this.#starting.set(task, this.#options.clock.after(seconds * 1000, fail));
  }

  #end(input: CallInput): Running | undefined {
    const running = this.#running.get(input);
    running?.limit[Symbol.dispose]();
    this.#running.delete(input);
    return running;
  }

  /** Whether it runs again. What a generator has yielded cannot be had twice. */
  #retry(input: CallInput, result: GenericResult): boolean {
    if (this.#isClosed || !isRetryable(result) || input.call.chunks.length > 0) return false;
    const delayMs = retryDelayMs(this.#options.definition().retryPolicy, input.retries);
    if (delayMs === undefined) return false;
    input.retries += 1;
    const again = () => {
      this.#delayed.delete(input);
      this.enqueue(input);
    };
    this.#delayed.set(input, this.#options.clock.after(delayMs, again));
    return true;
  }

  #watchIdle(task: Task): void {
    if (this.#load(task) > 0 || this.#idle.has(task) || this.#isClosed) return;
    const seconds = this.#settings.scaledownWindow ?? usualScaledownSecs;
    const leave = () => {
      this.#idle.delete(task);
      const { minContainers = 0, bufferContainers = 0 } = this.#settings;
      if (this.tasks.size <= minContainers + bufferContainers) return;
      task.leave();
      this.#notify();
    };
    this.#idle.set(task, this.#options.clock.after(seconds * 1000, leave));
  }

  /** What a container left behind without an answer runs again elsewhere. */
  #ended(task: Task): void {
    this.tasks.delete(task);
    this.#options.activity.notify();
    release(this.#idle, task);
    release(this.#starting, task);
    for (const [input, running] of this.#running) {
      if (running.task !== task) continue;
      this.#end(input);
      if (!this.#isClosed) this.enqueue(input);
    }
    this.scale();
  }
}

function release<K>(timers: Map<K, Disposable>, key: K): void {
  timers.get(key)?.[Symbol.dispose]();
  timers.delete(key);
}
