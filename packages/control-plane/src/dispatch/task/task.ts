import { whenAwakeFor, type AwakeTimer } from "@dorian/base/awake-timer";
import { Notifier } from "@dorian/base/notifier";
import type {
  FunctionGetInputsItemSchema,
  FunctionPutOutputsItem,
  GenericResult,
  TaskLogs,
} from "@dorian/protocol/modal";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { InFlightInputs } from "../in-flight/in-flight-inputs.ts";
import type { StartFailure } from "../failure/crash-loop.ts";
import type { OfferedGpu, Resources } from "../placement/placement.ts";
import type { Need } from "../placement/placement-plan.ts";
import type { ResourceRequest } from "../placement/resource-request.ts";
import type { FunctionSpec } from "../ports.ts";
import { isOver, taskMoves, type TaskState } from "./task-state.ts";
import { CredentialHolders } from "../../access/token/credential-holders.ts";
import type { TaskTimeline } from "./task-timeline.ts";
import type { Cause } from "../failure/cause.ts";

export type InputItem = MessageInitShape<typeof FunctionGetInputsItemSchema>;

/** How a container ended. */
export interface TaskEnd {
  cause: Cause;
  /** What happened, for people: "The container exited with code 3." */
  reason: string;
  /** What its worker says went wrong, such as a last commit that failed. */
  failure: GenericResult | undefined;
  /** Undefined when nobody could report it. */
  exitCode?: number;
  /** Its root file system was frozen: into a layer, or it had written nothing. */
  rootFrozen: boolean;
  frozenLayerId: string;
  frozenBytes: number;
}

/** How a container is to be stopped. */
export interface StopOptions {
  graceSecs: number;
  reason: string;
  /** Nobody needs to read of it in the container's log. */
  quiet?: boolean;
  /** For a container whose work nobody waits for: time to begin to stop. A process too busy for that is killed then. */
  responseSecs?: number;
}

/** A container's question for work. */
export interface InputQuestion {
  /** Key of the request, empty when it has none. */
  key: string;
  signal: AbortSignal;
  /** For functions that take inputs together: how many, and how long the first may wait for others. */
  batch: { maxSize: number; lingerMs: number };
}

/** Who gives a container its work. */
export interface TaskOwner {
  /** False for a container with work of its own, which ends by itself or when it is stopped. */
  readonly asksForWork?: false;
  /** Why it wants a container that it does not have yet. Default: `first`. */
  readonly need?: Need;
  /** How many containers it wants kept although nothing waits for them. Default: all. */
  readonly kept?: number;
  /** It has started asking for work. */
  ready(task: Task): void;
  /** It will never ask for work, and that was not what the server wanted. Told once, before it has ended. */
  startFailed(task: Task, failure: StartFailure): void;
  /** Resolves with work, or with none when the wait is over or the task is leaving. */
  nextInputs(task: Task, question: InputQuestion): Promise<InputItem[]>;
  /** Resolves when the output is durable. */
  putOutput(task: Task, output: FunctionPutOutputsItem): Promise<void>;
  /** After a broken connection or a restart of the server: these inputs are what it works on. */
  worksOn?(task: Task, inputIds: readonly string[]): void;
  /** It gets no more work: whoever waits for some on its behalf must be answered. */
  leaving(task: Task): void;
  ended(task: Task, end: TaskEnd): void;
  /** Receives what the container says, in place of its app's log. A promise resolves when it is on disk. */
  receiveLogs?(items: TaskLogs[]): Promise<void> | void;
}

export interface TaskFacts {
  taskId: string;
  functionId: string;
  appId: string;
  tag: string;
  imageId: string;
  revision: number;
  isBuilder: boolean;
  /** Its function has restricted access: it gets at its own inputs and outputs, and at nothing else. */
  isUntrusted: boolean;
  request: ResourceRequest;
  enqueuedAtMs: number;
}

/** A container as the server sees it. */
export class Task {
  readonly facts: TaskFacts;
  readonly owner: TaskOwner;
  readonly timeline: TaskTimeline;
  /** Who goes by its being there. */
  readonly credential = new CredentialHolders();
  readonly inputs = new InFlightInputs();
  /** It answers for cancelled inputs, too. */
  confirmsCancellation = false;
  /** Told of cancellations, of changes of state, and when its worker has been told to start it. */
  readonly changed = new Notifier();
  /** Who can tell it at once of inputs whose callers have gone. */
  readonly callersLeft = new Set<(inputId: string) => void>();
  #state: TaskState;
  workerId: string | undefined;
  workerName = "";
  gpus: readonly OfferedGpu[] = [];
  /** Volumes that its container mounts; unknown before it is sent to a worker, and after a restart of the server. */
  volumeIds: ReadonlySet<string> | undefined;
  pendingReason = "";
  inputsTaken = 0;
  /** On the clock that nobody sets. */
  idleSinceMs = 0;
  /** When it got its place and when it asked for work, on that clock. */
  readonly moments: { placed?: number; ready?: number } = {};
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  bytesCopied = 0;
  /** Phases of its start that its worker has told of: after a broken connection it tells of them again. */
  readonly toldPhases: Set<string>;
  /** Why it will never be ready; its owner has been told. */
  startFailure: StartFailure | undefined;
  /** When its worker kills it at the latest, once that was told to stop it; on the monotonic clock. */
  killAtMs = Infinity;
  /** What its worker was told then. */
  stopOrder: StopOptions | undefined;
  /** Set once the server wants it to end. */
  stopReason: string | undefined;
  result: GenericResult | undefined;
  /** Startup limit, then patience with its end. */
  #timer: AwakeTimer | undefined;

  constructor(options: { facts: TaskFacts; owner: TaskOwner; timeline: TaskTimeline; state?: TaskState }) {
    this.facts = options.facts;
    this.owner = options.owner;
    this.timeline = options.timeline;
    this.toldPhases = new Set(options.timeline.phases.map(({ name }) => name));
    this.#state = options.state ?? "queued";
  }

  get taskId(): string {
    return this.facts.taskId;
  }

  get state(): TaskState {
    return this.#state;
  }

  move(to: TaskState): void {
    this.#state = taskMoves(this.#state, to);
    this.changed.notify();
  }

  mayMount(volumeId: string): boolean {
    return this.state !== "queued" && (this.volumeIds?.has(volumeId) ?? true);
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  /** It has asked for inputs. */
  get wasReady(): boolean {
    return this.timeline.has("enter");
  }

  /** Its process has run. */
  get saidHello(): boolean {
    return this.timeline.has("boot");
  }

  /** On its way from its place to asking for inputs. */
  get isStarting(): boolean {
    return this.#state === "assigned" || this.#state === "starting";
  }

  /** It will never ask for inputs; its owner is told once. */
  failStart(failure: StartFailure): void {
    if (this.startFailure) return;
    this.startFailure = failure;
    this.owner.startFailed(this, failure);
  }

  /** Inputs that keep it busy. */
  get load(): number {
    return this.inputs.load;
  }

  /** Replaces what is timed, if anything. */
  after(ms: number, act: () => void): void {
    this.#timer?.clear();
    this.#timer = whenAwakeFor(ms, act);
  }

  cancelTimer(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** Something will happen to it by the clock. */
  get isTimed(): boolean {
    return this.#timer !== undefined;
  }

  /** What it holds on its worker. */
  get uses(): Resources {
    const { milliCpu, memoryMb } = this.facts.request;
    return { milliCpu, memoryMb, gpus: this.gpus };
  }

  /** Takes no inputs any more. */
  get isLeaving(): boolean {
    return this.#state === "draining" || this.#state === "stopping" || this.isOver;
  }
}

export function factsOf(
  spec: FunctionSpec,
  rest: Pick<TaskFacts, "taskId" | "request" | "enqueuedAtMs">,
): TaskFacts {
  return {
    functionId: spec.functionId,
    appId: spec.appId,
    tag: spec.tag,
    imageId: spec.definition.imageId,
    revision: spec.revision,
    isBuilder: spec.isBuilder,
    isUntrusted: spec.definition.untrusted,
    ...rest,
  };
}
