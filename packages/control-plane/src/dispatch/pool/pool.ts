import type { FunctionPutOutputsItem, GenericResult } from "@dorian/protocol/modal";
import type { Logger } from "pino";
import type { CallStore } from "../call/call-store.ts";
import type { Calls } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import { acceptableResult, serverResult } from "../call/results.ts";
import type { StartFailure } from "../failure/crash-loop.ts";
import type { Need } from "../placement/placement-plan.ts";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import { scalingSettingsOf } from "../scaling/scaling-settings.ts";
import type { InputItem, InputQuestion, Task, TaskEnd, TaskOwner } from "../task/task.ts";
import type { TaskLog } from "../task/task-log.ts";
import type { TaskStarts } from "../task/task-starts.ts";
import type { Tasks } from "../task/tasks.ts";
import { Attempts } from "./attempts.ts";
import { Delivery } from "./delivery.ts";
import { FailedStarts } from "./failed-starts.ts";
import { inputItem } from "./input-item.ts";
import { InputQueue } from "./input-queue.ts";
import { ObservedPace } from "./observed-pace.ts";
import { Quarantine } from "./quarantine.ts";
import { ScalingLoop } from "./scaling-loop.ts";

export interface PoolOptions {
  functionId: string;
  catalog: FunctionCatalog;
  calls: Calls;
  store: CallStore;
  /** The bytes of a blob that a client or a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  tasks: Tasks;
  starts: TaskStarts;
  taskLog: TaskLog;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  /** CPU cores of all workers together. */
  cores: () => number;
  /** What a start takes, of a function that was never seen to start. */
  usualStartMs: () => number;
  /** Told of what one took. */
  onStart: (startMs: number) => void;
  graceSecs: number;
}

/** The containers of one function (for a class with parameters: of one parameter set) and the inputs that wait for them. */
export class Pool implements TaskOwner, Disposable {
  #options: PoolOptions;
  #queue = new InputQueue<CallInput>();
  #tasks = new Set<Task>();
  #quarantine = new Quarantine();
  #pace: ObservedPace;
  #failedStarts: FailedStarts;
  #attempts: Attempts;
  #delivery: Delivery;
  #scaling: ScalingLoop;
  #evaluating = false;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const own = this.#tasks;
    const queue = this.#queue;
    const quarantine = this.#quarantine;
    const spec = () => this.#spec;
    this.#pace = new ObservedPace({ ...options, own });
    this.#failedStarts = new FailedStarts({
      ...options,
      queue,
      own,
      fail: (inputs, result) => this.#finish(inputs, result),
    });
    this.#attempts = new Attempts({ ...options, spec, pace: this.#pace, quarantine });
    this.#delivery = new Delivery({ ...options, spec, queue, own, attempts: this.#attempts, quarantine });
    this.#scaling = new ScalingLoop({
      ...options,
      queue,
      own,
      owner: this,
      pace: this.#pace,
      failedStarts: this.#failedStarts,
      quarantine,
      onDue: () => this.evaluate(),
    });
  }

  get pending(): number {
    return this.#queue.size;
  }

  get tasks(): ReadonlySet<Task> {
    return this.#tasks;
  }

  enqueue(input: CallInput, options: { again: boolean }): void {
    if (this.#queue.size === 0 && !options.again) this.#failedStarts.newDemand();
    this.#queue.add(input, { ...options, alone: input.isSuspect && this.#sharesContainers });
    this.evaluate();
  }

  /** It was never accepted. */
  forget(input: CallInput): void {
    if (this.#queue.remove(input)) this.evaluate();
  }

  adopt(task: Task): void {
    this.#tasks.add(task);
    this.evaluate();
  }

  /** A container of before a restart still works on it. */
  resume(task: Task, input: CallInput): void {
    this.#attempts.begin(task, input, new Set([input]));
    if (input.isSuspect && this.#sharesContainers) this.#quarantine.begin(task);
  }

  /** Looks, before anything else happens, whether containers must be started, fed or let go. */
  evaluate(): void {
    if (this.#evaluating || this.#closed) return;
    this.#evaluating = true;
    queueMicrotask(() => {
      this.#evaluating = false;
      if (this.#closed) return;
      try {
        this.#evaluateNow();
      } catch (error) {
        // What is wrong with one function's settings is not to end the server for all others.
        const { logger, functionId } = this.#options;
        logger.error({ functionId, err: error }, "it could not be decided what containers a function needs");
      }
    });
  }

  /** Its caller has the whole answer; the container may have something left to do. */
  answered(input: CallInput): void {
    if (input.state.kind !== "running") return;
    const task = this.#options.tasks.get(input.state.taskId);
    if (task) this.#pace.sawAnswer(task, input.inputId);
  }

  /** Ends an input of this pool, wherever it is. Resolves when that is durable. */
  async cancel(input: CallInput, options: { terminateContainer: boolean; reason: string }): Promise<void> {
    const { calls, tasks } = this.#options;
    const task = input.state.kind === "running" ? tasks.get(input.state.taskId) : undefined;
    const terminated = calls.terminate(input, options.reason);
    this.#queue.remove(input);
    if (task) this.#attempts.cancel(task, input, options);
    this.evaluate();
    await terminated;
  }

  // As the owner of its tasks.

  get need(): Need {
    if (this.#queue.size === 0) return "warmth";
    const serves = (task: Task) => !task.isLeaving && task.state !== "queued";
    return [...this.#tasks].some(serves) ? "more" : "first";
  }

  get kept(): number {
    return this.#spec ? scalingSettingsOf(this.#spec.definition).min : 0;
  }

  ready(task: Task): void {
    this.#failedStarts.forget();
    this.#pace.sawStart(task);
    this.evaluate();
  }

  startFailed(task: Task, failure: StartFailure): void {
    this.#failedStarts.failed(task, failure);
    this.evaluate();
  }

  async nextInputs(task: Task, question: InputQuestion): Promise<InputItem[]> {
    const repeated = task.inputs.fetchedBy(question.key);
    if (repeated.length > 0) return await this.#itemsOf(task, repeated);
    // One input at a time, and it asks for the next: it has let go of what was cancelled.
    if ((this.#spec?.definition.maxConcurrentInputs ?? 0) <= 1) task.inputs.hasLetGoOfAll();
    return await this.#itemsOf(task, await this.#delivery.ask(task, question));
  }

  async putOutput(task: Task, output: FunctionPutOutputsItem): Promise<void> {
    const { calls, nowMs } = this.#options;
    task.inputs.hasLetGo(output.inputId);
    this.#pace.sawAnswer(task, output.inputId);
    const running = this.#attempts.end(task, output.inputId) ?? this.#recall(task, output.inputId);
    this.evaluate();
    // An output nobody waits for: it was sent twice, or the input was cancelled, timed out or given to another.
    if (!running) return await calls.saved(output.inputId);
    task.timeline.end("first call", nowMs());
    const result = acceptableResult(output, running.call.yielded);
    await calls.attempted(running, {
      result,
      format: result === output.result ? output.dataFormat : 0,
      taskId: task.taskId,
      startedAtSecs: output.inputStartedAt,
      createdAtSecs: output.outputCreatedAt || nowMs() / 1000,
    });
  }

  /** Those that nobody wants any more were cancelled, and the word of that was lost with a server or a connection. */
  worksOn(task: Task, inputIds: readonly string[]): void {
    this.#attempts.seen(task, inputIds);
    this.evaluate();
  }

  leaving(task: Task): void {
    this.#delivery.dismiss(task);
    this.evaluate();
  }

  ended(task: Task, end: TaskEnd): void {
    this.#tasks.delete(task);
    this.#attempts.interruptAll(task, end);
    this.evaluate();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#scaling[Symbol.dispose]();
    this.#delivery[Symbol.dispose]();
  }

  get #spec(): FunctionSpec | undefined {
    return this.#options.catalog.spec(this.#options.functionId);
  }

  /** Inputs of its function may run together in a container. */
  get #sharesContainers(): boolean {
    const { maxConcurrentInputs = 0, batchMaxSize = 0 } = this.#spec?.definition ?? {};
    return maxConcurrentInputs > 1 || batchMaxSize > 1;
  }

  #evaluateNow(): void {
    this.#delivery.handOut();
    const spec = this.#spec;
    this.#failedStarts.sawRevision(spec?.revision);
    if (!spec?.active)
      this.#finish(
        this.#queue.takeWhere(() => true),
        serverResult("TERMINATED", "The app was stopped."),
      );
    this.#scaling.turn(spec);
  }

  async #itemsOf(task: Task, inputs: readonly CallInput[]): Promise<InputItem[]> {
    const { store, readBlob } = this.#options;
    const inlinesBlobs = this.#spec?.definition.blockNetwork ?? false;
    const items: InputItem[] = [];
    for (const input of inputs) {
      try {
        items.push(await inputItem(input, { store, readBlob, inlinesBlobs }));
      } catch (error) {
        this.#attempts.interrupt(task, input, unreadable);
        throw error;
      }
    }
    return items;
  }

  /** An input that a server handed out right before it was killed, and did not get to write that down. */
  #recall(task: Task, inputId: string): CallInput | undefined {
    const { calls } = this.#options;
    const input = calls.openInput(inputId);
    if (input?.state.kind !== "pending" || input.deliveries > 0 || !this.#queue.remove(input))
      return undefined;
    calls.started(input, task.taskId);
    return input;
  }

  #finish(inputs: readonly CallInput[], result: GenericResult): void {
    const { calls, logger } = this.#options;
    for (const input of inputs) {
      calls
        .finish(input, calls.serverOutcome(input, result))
        .catch((error: unknown) => logger.error({ err: error }, "a failed start could not be saved"));
    }
  }
}

const unreadable = {
  cause: "platform",
  reason: "The server could not read the input.",
  inCompany: false,
} as const;
