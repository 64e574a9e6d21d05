import { AppError, type StatusName } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import { sleep } from "@dorian/base/sleep";
import { GenericResult_GenericStatus, type GenericResult } from "@dorian/protocol/modal";
import type { StartTask } from "@dorian/protocol/worker";
import { storing } from "@dorian/storage/storage-error";
import { join } from "node:path";
import { holdToLimits } from "../container/hold-to-limits.ts";
import type { Container, ContainerExit, OnOutput } from "../container/runtime.ts";
import type { TaskObserver } from "../gateway/task-observer.ts";
import { OutputLog } from "../log/output-log.ts";
import { takeSnapshot } from "../snapshot/take-snapshot.ts";
import { identityOf, wakeGuest } from "../snapshot/wake-guest.ts";
import { bytesIn } from "../volume/upper-directory.ts";
import { beginContainer } from "./begin-container.ts";
import { ownSignal, saysHeapFull } from "./last-signs.ts";
import { launchOf } from "./launch.ts";
import type { Launch } from "./launcher.ts";
import { PhaseClock, type Phase, type ReportedPhase } from "./phase-clock.ts";
import { prepareTask, type PreparedTask } from "./prepare-task.ts";
import { RunningInputs } from "./running-inputs.ts";
import type { TaskDependencies } from "./task-dependencies.ts";
import type { TaskEnd } from "./task-end.ts";
import { failureOf } from "../gateway/platform-failure.ts";
import type { TaskVolumes } from "./task-volumes.ts";

export interface StopOptions {
  /** Milliseconds between SIGINT and SIGKILL; 0 kills at once. */
  graceMs: number;
  /** A guest of ours that has not begun to stop after so many milliseconds is killed then. Default: it has its grace. */
  responseMs?: number;
  /** For the container's log; empty for none. */
  reason: string;
}

const mebibyte = 1024 * 1024;

/** With no more grace than this a guest of ours is told to hurry: it would spend all of it waiting for its inputs. */
const hurriedGraceMs = 10_000;

/** What the start of a user's own command consists of, besides preparing the container: nothing that takes time. */
const startPhases = ["boot", "import", "enter"] as const;
/** One container, from the order to start it until nothing of it is left. */
export class Task {
  readonly taskId: string;
  /** Resolves, never rejects, once the container has ended and everything it used is given back. */
  readonly ended: Promise<TaskEnd>;
  #request: StartTask;
  #deps: TaskDependencies;
  #abortStart = new AbortController();
  #container: Container | undefined;
  #started = Promise.withResolvers<void>();
  #launch: Launch;
  #volumes: TaskVolumes | undefined;
  #prepared: PreparedTask | undefined;
  #wasAskedForSnapshot = false;
  #inputs = new RunningInputs();
  #phases: ReportedPhase[] = [];
  /** It has asked for work. */
  #ready = false;
  /** Its guest has begun to stop, for whatever reason. */
  #leaving = Promise.withResolvers<void>();
  /** Why the worker itself ended the container. */
  #endedFor: { failure: GenericResult; status: StatusName } | undefined;
  #stopped = false;
  #isLeaving = false;
  #heapFull = false;
  #output: OutputLog;
  #clock: PhaseClock;

  constructor(request: StartTask, deps: TaskDependencies) {
    this.taskId = request.taskId;
    this.#request = request;
    this.#deps = deps;
    this.#launch = launchOf(request, deps);
    this.#output = new OutputLog({
      send: (items) => deps.onLogs(request.taskId, items),
      current: () => this.#inputs.only,
      flushMs: 20,
      nowMs: deps.nowMs,
    });
    this.#clock = new PhaseClock({
      startedAt: request.placedAt,
      nowMs: deps.nowMs,
      emit: (phase) => void this.#reportPhase(phase),
    });
    this.ended = storing(deps.scratchDirectory, () => this.#run()).catch((error: unknown) => ({
      exitCode: -1,
      signal: "",
      outOfMemory: false,
      failure: this.#logFailure(error),
      failureStatus: AppError.is(error) ? error.status : "INTERNAL",
      wasStopped: this.#stopped,
    }));
  }

  /** Phases of its start that are over. */
  get phases(): readonly ReportedPhase[] {
    return this.#phases;
  }

  /** Inputs that its container works on. */
  get inputIds(): string[] {
    return this.#inputs.ids;
  }

  /** The running container, once it has started. @throws AppError TASK_NOT_RUNNING when it has ended or cannot start */
  async whenRunning(options: { signal: AbortSignal }): Promise<Container> {
    const { signal } = options;
    await orAborted(Promise.race([this.#started.promise, this.ended]), signal);
    if (this.#container) return this.#container;
    throw new AppError("TASK_NOT_RUNNING", `Container ${this.taskId} is not running.`, {
      remedy: "`dorian container list` shows the running ones.",
    });
  }

  /** SIGINT (or SIGTERM, in a hurry), then SIGKILL for all its processes when it does not end in time; what it wrote until then is committed. */
  async stop(options: StopOptions): Promise<void> {
    const { reason } = options;
    this.#stopped = true;
    if (reason !== "") this.#output.note(`Stopping the container: ${reason}`);
    const stopped = reason || "The container was stopped.";
    this.#abortStart.abort(new AppError("TASK_STOPPED", stopped, { status: "CANCELLED", remedy: "" }));
    const container = this.#container;
    if (!container) return;
    const { endsBySignal } = this.#launch;
    const isInterruptible = endsBySignal === "always" || (endsBySignal === "once ready" && this.#ready);
    if (isInterruptible && options.graceMs > 0 && (await this.#endsInTime(container, options))) return;
    await this.#volumes?.commitAll("background", container);
    await container.kill();
  }

  async #endsInTime(container: Container, options: StopOptions): Promise<boolean> {
    const { graceMs, responseMs = 0 } = options;
    const settled = new AbortController();
    const after = (ms: number) => sleep(ms, { signal: settled.signal }).then(() => "late" as const);
    const tooLate = after(graceMs);
    tooLate.catch(() => undefined);
    try {
      const isHurried = this.#launch.tellsPhases && graceMs <= hurriedGraceMs;
      container.signal(isHurried ? "SIGTERM" : "SIGINT");
      if (responseMs > 0 && this.#launch.tellsPhases) {
        const first = await Promise.race([container.exited, this.#leaving.promise, after(responseMs)]);
        if (first === "late") {
          this.#output.note("Its process is too busy to stop: it is killed.");
          return false;
        }
      }
      return (await Promise.race([container.exited, tooLate])) !== "late";
    } finally {
      settled.abort();
    }
  }

  async #run(): Promise<TaskEnd> {
    const { taskId } = this;
    const signal = this.#abortStart.signal;
    const request = this.#request;
    await using resources = new AsyncDisposableStack();
    resources.use(this.#output);
    const prepared = await prepareTask({
      request,
      launch: this.#launch,
      dependencies: this.#deps,
      resources,
      observe: (mounted) => this.#observer(mounted),
      note: (text) => this.#output.note(text),
      onPhaseEnd: (phase) => this.#clock.end(phase),
      signal,
    });
    const { volumes, buckets, privateDirectory, scratch, freezeRoot } = prepared;
    this.#volumes = volumes;
    this.#prepared = prepared;
    // Calls that wait for a container that could not be started hold up the gateway's end.
    resources.defer(() => this.#started.resolve());
    signal.throwIfAborted();
    const onOutput: OnOutput = (stream, chunk) => {
      this.#heapFull ||= stream === "stderr" && saysHeapFull(chunk);
      this.#output.write(stream, chunk);
    };
    const begin = () =>
      beginContainer(prepared, {
        request,
        dependencies: this.#deps,
        onOutput,
        note: (text) => this.#output.note(text),
        onRestored: () => this.#clock.end("restore"),
        signal,
      });
    const container = resources.use(await buckets.during(begin, signal));
    this.#container = container;
    const diskMb = request.arguments?.functionDef?.resources?.ephemeralDiskMb;
    resources.use(
      holdToLimits(this.#deps, {
        id: taskId,
        directories: () => [scratch],
        diskLimitBytes: diskMb ? diskMb * mebibyte : undefined,
        container: () => container,
        keepers: () => buckets.pids(),
        end: (reason) => this.#endFor(reason, container),
      }),
    );
    resources.use(buckets.watch(container, (reason) => this.#endFor(reason, container)));
    this.#started.resolve();
    if (request.command.length > 0) for (const phase of startPhases) this.#clock.end(phase);

    const committing = new AbortController();
    const background = volumes.commitInBackground(container, {
      intervalMs: this.#deps.commitIntervalMs,
      signal: committing.signal,
    });
    const exit = await container.exited;
    this.#container = undefined;
    committing.abort();
    await background;

    const unfinished = await volumes.finish(exit.code === 0);
    const failure = this.#endedFor?.failure ?? unfinished;
    const end = this.#endOf(exit, failure, await ownSignal(privateDirectory));
    if (!request.freezeRoot || exit.code !== 0 || !this.#inputs.lastSucceeded || failure) return end;
    return { ...end, frozen: await freezeRoot() };
  }

  /** Once, and where the server wants it: a container may ask as often as it likes, and others do not wait to be woken. */
  async #takeSnapshot(): Promise<void> {
    if (!this.#request.takesSnapshot || this.#wasAskedForSnapshot) return;
    this.#wasAskedForSnapshot = true;
    const { criu, layers } = this.#deps;
    const container = await this.#whenKnown();
    const prepared = this.#prepared;
    if (!container || !prepared) return;
    if (criu) {
      const { gateway } = prepared;
      const signal = this.#abortStart.signal;
      this.#deps.onSnapshot(this.taskId, await takeSnapshot(container, { layers, criu, gateway, signal }));
    }
    wakeGuest(prepared.privateDirectory, identityOf(this.taskId));
  }

  #endOf(exit: ContainerExit, failure: GenericResult | undefined, own: string): TaskEnd {
    return {
      exitCode: exit.code,
      signal: exit.signal ?? "",
      outOfMemory: exit.outOfMemory,
      ...(exit.memoryLimitBytes !== undefined && {
        memoryLimitMb: Math.floor(exit.memoryLimitBytes / mebibyte),
      }),
      ...(failure ? { failure } : {}),
      ...(this.#endedFor ? { failureStatus: this.#endedFor.status } : {}),
      wasStopped: this.#stopped,
      wasLeaving: this.#isLeaving,
      // One that its code had a handler for is not what ended it.
      ownSignal: own === exit.signal || (this.#isLeaving && exit.signal === undefined) ? own : "",
      heapFull: this.#heapFull,
    };
  }

  /** The container, whose calls may come before its start has returned; undefined once it has ended. */
  async #whenKnown(): Promise<Container | undefined> {
    await this.#started.promise;
    return this.#container;
  }

  #endFor(reason: AppError, container: Container): void {
    const failure = failureOf(reason);
    failure.status = GenericResult_GenericStatus.FAILURE;
    failure.exception = `The container was ended. ${failure.exception}`;
    this.#endedFor = { failure, status: reason.status };
    void container.kill().catch((error: unknown) => {
      this.#deps.logger.error({ taskId: this.taskId, err: error }, "a container could not be ended");
    });
  }

  /** Reports a phase. With the end of the start goes what had to be copied for it: the bytes in the container's private top layer. */
  async #reportPhase(phase: Phase): Promise<void> {
    const upper = join(this.#deps.scratchDirectory, this.taskId, "upper");
    const bytesCopied = phase.phase === "enter" ? await bytesIn(upper) : 0;
    const reported = { ...phase, bytesCopied };
    this.#phases.push(reported);
    this.#deps.onPhase(this.taskId, reported);
  }

  #observer(volumes: TaskVolumes): TaskObserver {
    return {
      onHello: () => this.#clock.end("boot"),
      onPhase: (phase, endedAt) => {
        if (phase === "serve") {
          this.#isLeaving = true;
          this.#leaving.resolve();
        } else this.#clock.end(phase, endedAt);
      },
      onReady: () => {
        if (this.#ready) return;
        this.#ready = true;
        this.#clock.end("import");
        this.#clock.end("enter");
      },
      onInputStarted: (input) => {
        this.#output.flush();
        this.#inputs.started(input);
      },
      onInputEnded: (input) => {
        this.#output.flush();
        this.#inputs.ended(input);
      },
      onStartFailed: () => this.#output.flush(),
      onSnapshotAsked: () =>
        void this.#takeSnapshot().catch((error: unknown) => {
          this.#deps.logger.error({ taskId: this.taskId, err: error }, "a snapshot failed");
        }),
      beforeAnswer: (signal) => volumes.commitWritten(() => this.#whenKnown(), signal),
      commitVolume: async (volumeId, signal) => volumes.commit(volumeId, await this.#whenKnown(), signal),
      reloadVolume: async (volumeId, signal) => volumes.reload(volumeId, await this.#whenKnown(), signal),
    };
  }

  #logFailure(error: unknown): GenericResult {
    if (!AppError.is(error)) this.#deps.logger.error({ taskId: this.taskId, err: error }, "task failed");
    return failureOf(error);
  }
}
