import type { Logger } from "pino";
import type { Calls } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import { serverResult } from "../call/results.ts";
import type { Interruption } from "../failure/after-interruption.ts";
import type { FunctionSpec } from "../ports.ts";
import { inputTimeoutMs } from "../scaling/scaling-settings.ts";
import type { Task, TaskEnd } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { ObservedPace } from "./observed-pace.ts";
import type { Quarantine } from "./quarantine.ts";

export interface AttemptsOptions {
  spec: () => FunctionSpec | undefined;
  calls: Calls;
  tasks: Tasks;
  pace: ObservedPace;
  quarantine: Quarantine;
  logger: Logger;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  graceSecs: number;
}

/** Time for user code to end in good order whose input has taken too long: nobody waits for what it still does. */
const timeoutGraceSecs = 1;
/** Time that a container gets to let go of a cancelled input. */
const cancelPatienceMs = 10_000;

/** Deliveries of inputs to the containers of a pool, from their beginning to whatever ends them. */
export class Attempts {
  #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** `batch`: all that it goes out with, itself included. */
  begin(task: Task, input: CallInput, batch: Set<CallInput>): void {
    const { spec, pace, elapsedMs } = this.#options;
    const definition = spec()?.definition;
    const limitMs = definition ? inputTimeoutMs(definition) : 0;
    const onTimeout = () => this.#timeOut(task, input, limitMs);
    task.inputs.begin(input, { batch, limitMs, nowMs: elapsedMs(), onTimeout });
    task.inputs.surround(input.inputId, pace.surroundings);
  }

  /** The container works on it no more. Undefined when it did not. */
  end(task: Task, inputId: string): CallInput | undefined {
    const input = task.inputs.end(inputId);
    if (!input) return undefined;
    if (task.inputs.size === 0) this.#options.quarantine.end(task);
    task.idleSinceMs = this.#options.elapsedMs();
    return input;
  }

  /** Ends one by no doing of its container's. */
  interrupt(task: Task, input: CallInput, interruption: Interruption): void {
    if (this.end(task, input.inputId)) this.#options.calls.interrupted(input, interruption);
  }

  /** Ends all of a container that has ended. */
  interruptAll(task: Task, end: TaskEnd): void {
    const { calls, quarantine } = this.#options;
    // One that it had not let go of counts: it may be what it died of.
    const inCompany = task.load > 1;
    const wasAsked = end.cause === "asked" && task.stopReason !== undefined;
    const reason = wasAsked ? `The container was stopped: ${task.stopReason}.` : end.reason;
    task.inputs.hasLetGoOfAll();
    for (const inputId of task.inputs.ids) {
      const input = this.end(task, inputId);
      if (input) calls.interrupted(input, { ...end, reason, inCompany });
    }
    quarantine.end(task);
  }

  /** Ends one that nobody wants any more, and has its container let go of it. */
  cancel(task: Task, input: CallInput, options: { terminateContainer: boolean; reason: string }): void {
    const companions = task.inputs.companions(input.inputId);
    if (!this.end(task, input.inputId)) return;
    if (options.terminateContainer) this.#options.tasks.stop(task, { graceSecs: 0, reason: options.reason });
    // A container can only give up a whole batch: it goes on while others want theirs.
    else if (companions === 0) this.#askToLetGo(task, input.inputId);
  }

  /** The container works on these: has it let go of what nobody wants any more. */
  seen(task: Task, inputIds: readonly string[]): void {
    const isUnwanted = (inputId: string) =>
      !task.inputs.has(inputId) && !this.#options.calls.openInput(inputId);
    const unwanted = inputIds.filter(isUnwanted);
    // As where one is cancelled: a batch goes on while others want theirs.
    const isBatched = (this.#options.spec()?.definition.batchMaxSize ?? 0) > 1;
    if (isBatched && unwanted.length < inputIds.length) return;
    for (const inputId of unwanted) this.#askToLetGo(task, inputId);
  }

  #timeOut(task: Task, input: CallInput, limitMs: number): void {
    const { calls, tasks, logger } = this.#options;
    if (!this.end(task, input.inputId)) return;
    const text = `The call took longer than its timeout of ${limitMs / 1000} s.`;
    calls
      .attempted(input, calls.serverOutcome(input, serverResult("TIMEOUT", text)))
      .catch((error: unknown) => logger.error({ err: error }, "a timeout could not be saved"));
    const reason = `an input took longer than its timeout of ${limitMs / 1000} s`;
    tasks.stop(task, { graceSecs: timeoutGraceSecs, reason });
  }

  #askToLetGo(task: Task, inputId: string): void {
    const { spec, tasks, graceSecs } = this.#options;
    // Early clients do not say when they have let go of one input among others.
    const willTell = task.confirmsCancellation || (spec()?.definition.maxConcurrentInputs ?? 0) <= 1;
    const onEnd = () => tasks.stop(task, { graceSecs, reason: "it did not let go of a cancelled input" });
    task.inputs.cancel(inputId, willTell ? { ms: cancelPatienceMs, onEnd } : undefined);
    task.changed.notify();
  }
}
