import { whenAwakeFor } from "@dorian/base/awake-timer";
import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import {
  FunctionCallInvocationType,
  FunctionInputSchema,
  GenericResult_GenericStatus,
  type FunctionInput,
  type FunctionPutOutputsItem,
  type GenericResult,
  type TaskLogs,
} from "@dorian/protocol/modal";
import { serverResult } from "../call/results.ts";
import type { StartFailure } from "../failure/crash-loop.ts";
import { inputTimeoutMs } from "../scaling/scaling-settings.ts";
import type { BuilderOutcome, BuildLog, FunctionCatalog, WorkerPool } from "../ports.ts";
import type { InputItem, Task, TaskEnd, TaskOwner } from "../task/task.ts";
import type { Cause } from "../failure/cause.ts";
import type { TaskStarts } from "../task/task-starts.ts";
import type { Tasks } from "../task/tasks.ts";
import { buildInterrupted, workerLost } from "../failure/worker-lost.ts";

export interface BuilderRunsOptions {
  catalog: FunctionCatalog;
  tasks: Tasks;
  starts: TaskStarts;
  nowMs: () => number;
}

/** Time for a build function to end in good order that has taken too long: nobody waits for what it still does. */
const timeoutGraceSecs = 1;

/** Build functions: each runs once, in a container of its own whose root file system becomes a layer. */
export function runBuilderWith(options: BuilderRunsOptions): WorkerPool["runBuilder"] {
  const { catalog, tasks, starts, nowMs } = options;
  return async (functionId, input, log) => {
    log.signal.throwIfAborted();
    const spec = catalog.spec(functionId);
    if (!spec) {
      throw new AppError("FUNCTION_NOT_FOUND", `There is no build function ${functionId}.`, {
        status: "NOT_FOUND",
        remedy: "Send FunctionCreate before the image that uses it.",
      });
    }
    const run = new BuilderRun(input, log);
    const task = starts.start(spec, run, { enqueuedAtMs: nowMs(), freezeRoot: true });
    const cancel = () => tasks.stop(task, { graceSecs: 0, reason: "The build was cancelled." });
    const limitMs = inputTimeoutMs(spec.definition);
    const timer = whenAwakeFor(limitMs, () => {
      run.timedOut(
        serverResult("TIMEOUT", `The build function took longer than its timeout of ${limitMs / 1000} s.`),
      );
      tasks.stop(task, { graceSecs: timeoutGraceSecs, reason: "it reached its timeout" });
    });
    onAbort(log.signal, cancel);
    try {
      return await run.outcome;
    } finally {
      timer.clear();
      offAbort(log.signal, cancel);
    }
  };
}

class BuilderRun implements TaskOwner {
  #input: FunctionInput;
  #log: BuildLog;
  #outcome = Promise.withResolvers<BuilderOutcome>();
  #result: GenericResult | undefined;
  #inputId = newId("in");
  #handedOut = false;

  constructor(input: FunctionInput, log: BuildLog) {
    this.#input = input;
    this.#log = log;
  }

  get outcome(): Promise<BuilderOutcome> {
    return this.#outcome.promise;
  }

  /** Ends a build function for its time, also one that has returned: its container did not come to its end. */
  timedOut(result: GenericResult): void {
    this.#result = result;
  }

  ready(): void {}

  startFailed(_task: Task, failure: StartFailure): void {
    if (!isOthersDoing(failure.cause)) this.#result ??= failure.result;
  }

  async nextInputs(task: Task): Promise<InputItem[]> {
    if (this.#handedOut) {
      // It was told with its only input that no other follows.
      return task.isLeaving ? [] : [{ killSwitch: true }];
    }
    this.#handedOut = true;
    return [
      {
        inputId: this.#inputId,
        functionCallId: newId("fc"),
        functionCallInvocationType: FunctionCallInvocationType.SYNC,
        input: create(FunctionInputSchema, { ...this.#input, methodName: "", finalInput: true }),
      },
    ];
  }

  async putOutput(_task: Task, output: FunctionPutOutputsItem): Promise<void> {
    if (output.inputId === this.#inputId && output.result) this.#result ??= output.result;
  }

  leaving(): void {}

  /** What a container made counts only when it was seen to end well: its function may have returned long before. */
  ended(task: Task, end: TaskEnd): void {
    const result = this.#result ?? serverResult("FAILURE", end.reason);
    const hasSucceeded = result.status === GenericResult_GenericStatus.SUCCESS;
    const isUnseen = task.state === "lost" || end.exitCode === undefined || end.exitCode < 0;
    if (isUnseen && !end.failure && (hasSucceeded || !this.#result)) {
      this.#outcome.reject(workerLost(task.workerName));
      return;
    }
    if ((hasSucceeded || !this.#result) && isOthersDoing(end.cause)) {
      this.#outcome.reject(buildInterrupted(end.reason));
      return;
    }
    if (!hasSucceeded) {
      this.#outcome.resolve({ result, frozenLayerId: "", frozenBytes: 0 });
      return;
    }
    if (end.failure || end.exitCode !== 0 || !end.rootFrozen) {
      const exception = `The build function returned, but what it wrote could not be kept: ${end.reason}`;
      this.#outcome.resolve({
        result: end.failure ?? serverResult("FAILURE", exception),
        frozenLayerId: "",
        frozenBytes: 0,
      });
      return;
    }
    this.#outcome.resolve({ result, frozenLayerId: end.frozenLayerId, frozenBytes: end.frozenBytes });
  }

  receiveLogs(items: TaskLogs[]): Promise<void> | void {
    return this.#log.onLogs(items);
  }
}

function isOthersDoing(cause: Cause): boolean {
  return cause === "killed" || cause === "outside" || cause === "platform";
}
