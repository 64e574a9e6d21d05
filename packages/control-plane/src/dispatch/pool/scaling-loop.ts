import type { Calls } from "../call/calls.ts";
import type { CallInput } from "../call/function-call.ts";
import type { FunctionSpec } from "../ports.ts";
import { decideScale, recheckMs, type ScaledTask } from "../scaling/autoscaler.ts";
import { scalingSettingsOf } from "../scaling/scaling-settings.ts";
import type { Task, TaskOwner } from "../task/task.ts";
import type { TaskStarts } from "../task/task-starts.ts";
import type { Tasks } from "../task/tasks.ts";
import type { FailedStarts } from "./failed-starts.ts";
import type { InputQueue } from "./input-queue.ts";
import type { ObservedPace } from "./observed-pace.ts";
import { suspectsAtOnce, type Quarantine } from "./quarantine.ts";

export interface ScalingLoopOptions {
  queue: InputQueue<CallInput>;
  /** The pool's containers; new ones are added. */
  own: Set<Task>;
  /** Whose the containers are that it starts. */
  owner: TaskOwner;
  pace: ObservedPace;
  failedStarts: FailedStarts;
  quarantine: Quarantine;
  calls: Calls;
  tasks: Tasks;
  starts: TaskStarts;
  /** CPU cores of all workers together. */
  cores: () => number;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  /** Called when the time has come to look again. */
  onDue: () => void;
}

/** How many of the inputs that wait have their callers looked for. */
const callersLookedFor = 32;

const noScaling = { min: 0, max: 0, buffer: 0, scaledownWindowMs: 0, targetConcurrency: 1 };

/** Starts and lets go containers of a pool as the autoscaler decides, and says when it is to be asked again. */
export class ScalingLoop implements Disposable {
  #options: ScalingLoopOptions;
  #recheck: NodeJS.Timeout | undefined;

  constructor(options: ScalingLoopOptions) {
    this.#options = options;
  }

  /** `spec`: of the pool's function, undefined when it is gone. */
  turn(spec: FunctionSpec | undefined): void {
    const { tasks, starts, elapsedMs, onDue } = this.#options;
    const decision = this.#decide(spec);
    for (const taskId of decision.drain) {
      const task = tasks.get(taskId);
      if (task) tasks.drain(task, "there is no work for it");
    }
    if (spec) this.#start(spec, decision.start);
    starts.idlenessChanged();
    clearTimeout(this.#recheck);
    if (decision.recheckAtMs === undefined) return;
    this.#recheck = setTimeout(onDue, Math.max(0, decision.recheckAtMs - elapsedMs())).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#recheck);
  }

  #decide(spec: FunctionSpec | undefined) {
    const { queue, own, pace, failedStarts, quarantine, cores, elapsedMs } = this.#options;
    const nowMs = elapsedMs();
    const settings = spec ? scalingSettingsOf(spec.definition) : noScaling;
    const { size, aloneSize } = queue;
    // A suspect fills a container, whatever else would have room there.
    const filled = (task: Task) =>
      quarantine.isWorking(task) ? Math.max(task.load, settings.targetConcurrency) : task.load;
    // Looked at for each input that begins or ends: what only starts need is not counted where there is nothing to start.
    const startingElsewhere = size > 0 ? pace.startingElsewhere : 0;
    const seen = pace.seen;
    const held = this.#heldInputs(nowMs - recheckMs(seen));
    return decideScale({
      ...settings,
      pendingInputs: size - aloneSize + Math.min(aloneSize, suspectsAtOnce) * settings.targetConcurrency,
      tasks: [...own].flatMap((task) => scaled(task, spec, { filled: filled(task), held, nowMs })),
      pausedUntilMs: failedStarts.pausedUntilMs,
      active: spec?.active ?? false,
      maxStarting: failedStarts.maxStarting,
      pace: seen,
      machine: { cores: cores(), startingElsewhere },
      nowMs,
    });
  }

  /**
   * Inputs that have called what waits here since some time or longer, and those that have called these: functions that call
   * themselves, at whatever distance, would wait for each other. One that does not wait for what it has called has ended by then.
   */
  #heldInputs(sinceMs: number): ReadonlySet<string> {
    const { queue, calls } = this.#options;
    const held = new Set<string>();
    let looked = 0;
    for (const input of queue) {
      if (looked++ === callersLookedFor) break;
      if (input.waitingSinceMs > sinceMs) continue;
      let { parentInputId } = input.call.facts;
      while (parentInputId !== "" && !held.has(parentInputId)) {
        held.add(parentInputId);
        parentInputId = calls.openInput(parentInputId)?.call.facts.parentInputId ?? "";
      }
    }
    return held;
  }

  #start(spec: FunctionSpec, count: number): void {
    const { own, owner, starts } = this.#options;
    for (let started = 0; started < count; started++) {
      const task = starts.start(spec, owner, { enqueuedAtMs: this.#oldestDemandMs(), freezeRoot: false });
      own.add(task);
      // Where one finds no room, the next would not either.
      if (task.state === "queued") break;
    }
  }

  #oldestDemandMs(): number {
    const oldest = this.#options.queue.peek();
    return oldest && oldest.deliveries === 0 ? oldest.createdAtMs : this.#options.nowMs();
  }
}

function scaled(
  task: Task,
  spec: FunctionSpec | undefined,
  { filled, held, nowMs }: { filled: number; held: ReadonlySet<string>; nowMs: number },
): ScaledTask[] {
  if (task.isLeaving) return [];
  const { ids } = task.inputs;
  const phase = task.state === "queued" ? "queued" : task.state === "ready" ? "ready" : "starting";
  return [
    {
      taskId: task.taskId,
      phase,
      runningInputs: filled,
      runningMs: task.inputs.runningMs(nowMs),
      waits: ids.length > 0 && ids.every((inputId) => held.has(inputId)),
      idleSinceMs: task.idleSinceMs,
      outdated: spec !== undefined && task.facts.revision < spec.revision,
    },
  ];
}
