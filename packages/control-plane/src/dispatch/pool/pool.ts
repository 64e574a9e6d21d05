import type { FunctionInput, FunctionPutOutputsItem, GenericResult } from "@dorian/protocol/modal";
import type { Logger } from "pino";
import type { CallStore } from "../call/call-store.ts";
import type { Calls } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import { acceptableResult, serverResult } from "../call/results.ts";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import type { Need } from "../placement/placement-plan.ts";
import type { InputItem, InputQuestion, Task, TaskEnd, TaskOwner } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import { decideScale, type ScaledTask } from "../scaling/autoscaler.ts";
import {
  afterFailedStart,
  afterNewDemand,
  noFailures,
  outOfPatience,
  patienceMs,
  whatFollows,
  type StartFailure,
} from "../failure/crash-loop.ts";
import { nextBatch } from "./batching.ts";
import { Quarantine, suspectsAtOnce } from "./quarantine.ts";
import { Pace, type Surroundings } from "../scaling/pace.ts";
import { InputQueue } from "./input-queue.ts";
import { inputTimeoutMs, scalingSettingsOf } from "../scaling/scaling-settings.ts";
import { WaitingPolls, type Poll } from "./waiting-polls.ts";

export interface PoolOptions {
  functionId: string;
  catalog: FunctionCatalog;
  calls: Calls;
  store: CallStore;
  /** The bytes of a blob that a client or a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  tasks: Tasks;
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

/** Time for user code to end in good order whose input has taken too long: nobody waits for what it still does. */
const timeoutGraceSecs = 1;
/** Time that a container gets to let go of a cancelled input. */
const cancelPatienceMs = 10_000;

/** The containers of one function (for a class with parameters: of one parameter set) and the inputs that wait for them. */
export class Pool implements TaskOwner, Disposable {
  #options: PoolOptions;
  #queue = new InputQueue<CallInput>();
  #tasks = new Set<Task>();
  #polls = new WaitingPolls();
  #quarantine = new Quarantine();
  #crashes = noFailures;
  /** Of the function, when it was looked at last. */
  #revision: number | undefined;
  #pace = new Pace();
  #evaluating = false;
  #closed = false;
  #recheck: NodeJS.Timeout | undefined;
  /** Looks again at inputs that wait for others to go out with. */
  #linger: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#queue.size;
  }

  get tasks(): ReadonlySet<Task> {
    return this.#tasks;
  }

  enqueue(input: CallInput, options: { again: boolean }): void {
    if (this.#queue.size === 0 && !options.again) this.#crashes = afterNewDemand(this.#crashes);
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
    this.#track(task, input, new Set([input]));
    if (input.isSuspect && this.#sharesContainers) this.#quarantine.begin(task);
  }

  /** Looks, before anything else happens, whether containers must be started, fed or let go. */
  evaluate(): void {
    if (this.#evaluating || this.#closed) return;
    this.#evaluating = true;
    queueMicrotask(() => {
      this.#evaluating = false;
      if (!this.#closed) this.#evaluateNow();
    });
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
    this.#crashes = noFailures;
    this.#sawStart(task);
    this.evaluate();
  }

  startFailed(task: Task, failure: StartFailure): void {
    const elapsedMs = this.#options.elapsedMs();
    const { state, told } = afterFailedStart(this.#crashes, failure, elapsedMs);
    this.#crashes = state;
    const othersServe = [...this.#tasks].some((each) => each.state === "ready");
    if (!othersServe) {
      if (told !== "nobody")
        this.#finishWaiting(told === "all" ? failure.result : outOfPatience(failure.result), told);
      if (this.#queue.size > 0)
        this.#options.tasks.tell(task, whatFollows(task.facts.tag, state, elapsedMs, this.#queue.size));
    }
    this.evaluate();
  }

  async nextInputs(task: Task, question: InputQuestion): Promise<InputItem[]> {
    const repeated = task.inputs.fetchedBy(question.key);
    if (repeated.length > 0) return await this.#itemsOf(task, repeated);
    // One input at a time, and it asks for the next: it has let go of what was cancelled.
    if ((this.#spec?.definition.maxConcurrentInputs ?? 0) <= 1) task.inputs.hasLetGoOfAll();
    const waiting = this.#polls.wait(task, question);
    this.#handOut();
    return await this.#itemsOf(task, await waiting);
  }

  async putOutput(task: Task, output: FunctionPutOutputsItem): Promise<void> {
    const { calls, nowMs } = this.#options;
    task.inputs.hasLetGo(output.inputId);
    this.#sawAnswer(task, output.inputId);
    const running = this.#untrack(task, output.inputId) ?? this.#recall(task, output.inputId);
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

  /** Its caller has the whole answer; the container may have something left to do. */
  answered(input: CallInput): void {
    if (input.state.kind !== "running") return;
    const task = this.#options.tasks.get(input.state.taskId);
    if (task) this.#sawAnswer(task, input.inputId);
  }

  leaving(task: Task): void {
    this.#polls.dismiss((poll) => poll.task === task);
    this.evaluate();
  }

  ended(task: Task, end: TaskEnd): void {
    this.#tasks.delete(task);
    // One that it had not let go of counts: it may be what it died of.
    const inCompany = task.load > 1;
    const wasAsked = end.cause === "asked" && task.stopReason !== undefined;
    const reason = wasAsked ? `The container was stopped: ${task.stopReason}.` : end.reason;
    task.inputs.hasLetGoOfAll();
    for (const inputId of task.inputs.ids) {
      const input = this.#untrack(task, inputId);
      if (input) this.#options.calls.interrupted(input, { ...end, reason, inCompany });
    }
    this.#quarantine.end(task);
    this.evaluate();
  }

  /** Ends an input of this pool, wherever it is. Resolves when that is durable. */
  async cancel(input: CallInput, options: { terminateContainer: boolean; reason: string }): Promise<void> {
    const { calls, tasks } = this.#options;
    const task = input.state.kind === "running" ? tasks.get(input.state.taskId) : undefined;
    const terminated = calls.terminate(input, options.reason);
    this.#queue.remove(input);
    const companions = task?.inputs.companions(input.inputId);
    if (task && this.#untrack(task, input.inputId)) {
      if (options.terminateContainer) tasks.stop(task, { graceSecs: 0, reason: options.reason });
      // A container can only give up a whole batch: it goes on while others want theirs.
      else if (companions === 0) this.#askToLetGo(task, input.inputId);
    }
    this.evaluate();
    await terminated;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#recheck);
    clearTimeout(this.#linger);
    this.#polls.dismiss(() => true);
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
    this.#handOut();
    const { tasks, elapsedMs, cores, usualStartMs } = this.#options;
    const spec = this.#spec;
    // What another revision failed at says nothing about this one.
    if (spec?.revision !== this.#revision) this.#crashes = noFailures;
    this.#revision = spec?.revision;
    if (!spec?.active) this.#finishWaiting(serverResult("TERMINATED", "The app was stopped."));
    const nowMs = elapsedMs();
    const settings = spec
      ? scalingSettingsOf(spec.definition)
      : { min: 0, max: 0, buffer: 0, scaledownWindowMs: 0, targetConcurrency: 1 };
    const { size, aloneSize } = this.#queue;
    // A suspect fills a container, whatever else would have room there.
    const filled = (task: Task) =>
      this.#quarantine.isWorking(task) ? Math.max(task.load, settings.targetConcurrency) : task.load;
    // Looked at for each input that begins or ends: what only starts need is not counted where there is nothing to start.
    const startingElsewhere = size > 0 ? this.#startingElsewhere() : 0;
    const decision = decideScale({
      ...settings,
      pendingInputs: size - aloneSize + Math.min(aloneSize, suspectsAtOnce) * settings.targetConcurrency,
      tasks: [...this.#tasks].flatMap((task) => scaled(task, spec, { filled: filled(task), nowMs })),
      pausedUntilMs: this.#crashes.pausedUntilMs,
      active: spec?.active ?? false,
      // Until one has started, each is a try: more of them would be in the way of others.
      maxStarting: this.#crashes.failures > 0 ? 1 : Infinity,
      pace: this.#pace.seen({ cores: cores(), startMs: usualStartMs(), nowMs }),
      machine: { cores: cores(), startingElsewhere },
      nowMs,
    });
    for (const taskId of decision.drain) {
      const task = tasks.get(taskId);
      if (task) tasks.drain(task, "there is no work for it");
    }
    if (spec) this.#start(spec, decision.start);
    tasks.idlenessChanged();
    clearTimeout(this.#recheck);
    if (decision.recheckAtMs !== undefined) {
      this.#recheck = setTimeout(() => this.evaluate(), Math.max(0, decision.recheckAtMs - elapsedMs()));
      this.#recheck.unref();
    }
  }

  #start(spec: FunctionSpec, count: number): void {
    for (let started = 0; started < count; started++) {
      const enqueuedAtMs = this.#oldestDemandMs();
      const task = this.#options.tasks.start(spec, this, { enqueuedAtMs, freezeRoot: false });
      this.#tasks.add(task);
      // Where one finds no room, the next would not either.
      if (task.state === "queued") break;
    }
  }

  #startingElsewhere(): number {
    return this.#options.tasks.live.filter((task) => isStarting(task) && !this.#tasks.has(task)).length;
  }

  #surroundings(): Surroundings {
    const working = this.#options.tasks.live.filter((each) => each.load > 0);
    return {
      busy: working.filter((each) => this.#tasks.has(each)).length,
      active: working.length + this.#options.tasks.live.filter(isStarting).length,
    };
  }

  #sawStart({ moments }: Task): void {
    if (moments.placed === undefined || moments.ready === undefined) return;
    const starting = 1 + this.#options.tasks.live.filter(isStarting).length;
    this.#pace.sawStart(moments.ready - moments.placed, { starting, cores: this.#options.cores() });
    if (this.#pace.startMs !== undefined) this.#options.onStart(this.#pace.startMs);
  }

  #sawAnswer(task: Task, inputId: string): void {
    const nowMs = this.#options.elapsedMs();
    const answered = task.inputs.answered(inputId, nowMs);
    if (!answered) return;
    const [before, now] = [answered.surroundings, this.#surroundings()];
    const busy = Math.min(before.busy, now.busy);
    const active = Math.max(before.active, now.active);
    this.#pace.sawInput(answered.tookMs, { busy, active }, { cores: this.#options.cores(), nowMs });
  }

  #oldestDemandMs(): number {
    const oldest = this.#queue.peek();
    return oldest && oldest.deliveries === 0 ? oldest.createdAtMs : this.#options.nowMs();
  }

  #handOut(): void {
    this.#handOutSuspects();
    while (this.#queue.size > this.#queue.aloneSize) {
      const poll = this.#polls.take((task) => !this.#quarantine.holds(task));
      if (!poll) return;
      const inputs = this.#takeFor(poll);
      if (inputs.length === 0) {
        this.#polls.add(poll);
        return;
      }
      this.#give(poll, inputs);
    }
  }

  #handOutSuspects(): void {
    const queue = this.#queue;
    for (let input = queue.peekAlone(); input; input = queue.peekAlone()) {
      if (input.state.kind !== "pending") {
        queue.remove(input);
        continue;
      }
      if (!this.#quarantine.hasRoom(this.#tasks)) break;
      const poll = this.#polls.take((task) => task.load === 0);
      if (!poll) return this.#quarantine.empty(this.#tasks);
      queue.remove(input);
      this.#quarantine.begin(poll.task);
      this.#give(poll, [input]);
    }
    this.#quarantine.emptyNone();
  }

  #give(poll: Poll, inputs: CallInput[]): void {
    const { task } = poll;
    task.inputs.remember(poll.key, inputs);
    const batch = new Set(inputs);
    for (const input of inputs) {
      this.#options.calls.started(input, task.taskId);
      this.#track(task, input, batch);
    }
    poll.answer(inputs);
    task.inputsTaken += inputs.length;
    this.#leaveWhenUsedUp(task);
  }

  /** Takes what the container gets now: nothing when the queue is empty or its inputs may wait for others. */
  #takeFor(poll: Poll): CallInput[] {
    const { maxSize, lingerMs } = poll.batch;
    if (maxSize <= 1) {
      const input = this.#queue.take();
      return input ? [input] : [];
    }
    const nowMs = this.#options.elapsedMs();
    const { items, dueAtMs } = nextBatch(this.#queue, { maxSize, lingerMs, nowMs });
    for (const input of items) this.#queue.remove(input);
    clearTimeout(this.#linger);
    if (items.length === 0 && this.#queue.size > 0)
      this.#linger = setTimeout(() => this.#handOut(), Math.max(1, dueAtMs - nowMs));
    return items;
  }

  #leaveWhenUsedUp(task: Task): void {
    const definition = this.#spec?.definition;
    const limit = definition?.singleUseContainers ? 1 : (definition?.maxInputs ?? 0);
    if (limit > 0 && task.inputsTaken >= limit)
      this.#options.tasks.drain(task, "it has taken as many inputs as it may");
  }

  async #itemsOf(task: Task, inputs: readonly CallInput[]): Promise<InputItem[]> {
    const items: InputItem[] = [];
    for (const input of inputs) items.push(await this.#itemOf(task, input));
    return items;
  }

  async #itemOf(task: Task, input: CallInput): Promise<InputItem> {
    try {
      return {
        inputId: input.inputId,
        input: await this.#requestOf(input),
        functionCallId: input.call.facts.callId,
        functionCallInvocationType: input.call.facts.invocationType,
        retryCount: input.attempt,
        functionMapIdx: input.idx,
      };
    } catch (error) {
      if (this.#untrack(task, input.inputId)) this.#options.calls.interrupted(input, unreadable);
      throw error;
    }
  }

  /** A container without a network cannot fetch what its caller has uploaded. */
  async #requestOf(input: CallInput): Promise<FunctionInput> {
    const request = await this.#options.store.requestOf(input);
    const { argsOneof } = request;
    if (!this.#spec?.definition.blockNetwork || argsOneof.case !== "argsBlobId") return request;
    const value = await this.#options.readBlob(argsOneof.value);
    return { ...request, argsOneof: { case: "args", value } };
  }

  #track(task: Task, input: CallInput, batch: Set<CallInput>): void {
    const limitMs = this.#spec ? inputTimeoutMs(this.#spec.definition) : 0;
    const nowMs = this.#options.elapsedMs();
    task.inputs.begin(input, { batch, limitMs, nowMs, onTimeout: () => this.#timeOut(task, input, limitMs) });
    task.inputs.surround(input.inputId, this.#surroundings());
  }

  #untrack(task: Task, inputId: string): CallInput | undefined {
    const input = task.inputs.end(inputId);
    if (!input) return undefined;
    if (task.inputs.size === 0) this.#quarantine.end(task);
    task.idleSinceMs = this.#options.elapsedMs();
    return input;
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

  #timeOut(task: Task, input: CallInput, limitMs: number): void {
    const { calls, tasks, logger } = this.#options;
    if (!this.#untrack(task, input.inputId)) return;
    const text = `The call took longer than its timeout of ${limitMs / 1000} s.`;
    calls
      .attempted(input, calls.serverOutcome(input, serverResult("TIMEOUT", text)))
      .catch((error: unknown) => logger.error({ err: error }, "a timeout could not be saved"));
    const reason = `an input took longer than its timeout of ${limitMs / 1000} s`;
    tasks.stop(task, { graceSecs: timeoutGraceSecs, reason });
  }

  #askToLetGo(task: Task, inputId: string): void {
    const { tasks, graceSecs } = this.#options;
    // Early clients do not say when they have let go of one input among others.
    const willTell = task.confirmsCancellation || (this.#spec?.definition.maxConcurrentInputs ?? 0) <= 1;
    const onEnd = () => tasks.stop(task, { graceSecs, reason: "it did not let go of a cancelled input" });
    task.inputs.cancel(inputId, willTell ? { ms: cancelPatienceMs, onEnd } : undefined);
    task.changed.notify();
  }

  #finishWaiting(result: GenericResult, which: "all" | "patient" = "all"): void {
    const { calls, logger, elapsedMs } = this.#options;
    const patientSinceMs = elapsedMs() - patienceMs;
    const isMeant = (input: CallInput) => which === "all" || input.waitingSinceMs <= patientSinceMs;
    for (const input of this.#queue.takeWhere(isMeant)) {
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

function isStarting(task: Task): boolean {
  return task.state === "assigned" || task.state === "starting";
}

function scaled(
  task: Task,
  spec: FunctionSpec | undefined,
  { filled, nowMs }: { filled: number; nowMs: number },
): ScaledTask[] {
  if (task.isLeaving) return [];
  const phase = task.state === "queued" ? "queued" : task.state === "ready" ? "ready" : "starting";
  return [
    {
      taskId: task.taskId,
      phase,
      runningInputs: filled,
      runningMs: task.inputs.runningMs(nowMs),
      idleSinceMs: task.idleSinceMs,
      outdated: spec !== undefined && task.facts.revision < spec.revision,
    },
  ];
}
