import type { Need } from "../placement/placement-plan.ts";
import type { OfferedGpu } from "../placement/placement.ts";
import type { ResourceRequest } from "../placement/resource-request.ts";
import { decideScale, type ScalingDecision } from "../scaling/autoscaler.ts";
import { Pace, type Surroundings } from "../scaling/pace.ts";
import type { ScalingSettings } from "../scaling/scaling-settings.ts";
import type { Tenant } from "../task/tenures.ts";
import type { SharedCores } from "./shared-cores.ts";

export interface Workload {
  name: string;
  request: ResourceRequest;
  start: { waitMs: number; cpuMs: number };
  input: { waitMs: number; cpuMs: number };
  /** When inputs arrive. */
  arrivalsMs: readonly number[];
}

export class SimulatedTask implements Tenant {
  readonly taskId: string;
  readonly owner: SimulatedPool;
  workerId: string | undefined;
  gpus: readonly OfferedGpu[] = [];
  state: Tenant["state"] = "queued";
  idleSinceMs = 0;
  readonly moments: { placed?: number; ready?: number } = {};
  /** When it got each of its inputs. */
  readonly running = new Set<{ sinceMs: number }>();

  constructor(taskId: string, owner: SimulatedPool) {
    this.taskId = taskId;
    this.owner = owner;
  }

  get isLeaving(): boolean {
    return this.state === "draining";
  }

  get load(): number {
    return this.running.size;
  }

  get uses() {
    const { milliCpu, memoryMb } = this.owner.workload.request;
    return { milliCpu, memoryMb, gpus: this.gpus };
  }
}

const exitMs = 100;

/** A function's containers and inputs: what a pool of the server does, on simulated time. */
export class SimulatedPool {
  readonly workload: Workload;
  readonly kept = 0;
  readonly pace = new Pace();
  readonly waitedMs: number[] = [];
  tasks: SimulatedTask[] = [];
  started = 0;
  #machine: SharedCores;
  #queue: number[] = [];
  /** Starts as many as there are inputs, up to this, in place of the autoscaler. */
  #fixed: number | undefined;

  constructor(workload: Workload, machine: SharedCores, fixed: number | undefined) {
    this.workload = workload;
    this.#machine = machine;
    this.#fixed = fixed;
  }

  get need(): Need {
    if (this.#queue.length === 0) return "warmth";
    return this.tasks.some((task) => !task.isLeaving && task.state !== "queued") ? "more" : "first";
  }

  arrive(): void {
    this.#queue.push(this.#machine.nowMs);
  }

  /** Gives waiting inputs to free containers, the last one to become free first. */
  handOut(options: { onChange: () => void; surroundings: () => Surroundings }): void {
    const { onChange, surroundings } = options;
    const free = this.tasks
      .filter((task) => task.state === "ready" && task.load === 0)
      .toSorted((a, b) => b.idleSinceMs - a.idleSinceMs);
    for (const task of free) {
      const arrivedMs = this.#queue.shift();
      if (arrivedMs === undefined) return;
      const running = { sinceMs: this.#machine.nowMs };
      task.running.add(running);
      const before = surroundings();
      const onDone = () => {
        const { nowMs } = this.#machine;
        const { cores } = this.#machine;
        const now = surroundings();
        const busy = Math.min(before.busy, now.busy);
        const active = Math.max(before.active, now.active);
        this.pace.sawInput(nowMs - running.sinceMs, { busy, active }, { cores, nowMs });
        task.running.delete(running);
        task.idleSinceMs = nowMs;
        this.waitedMs.push(nowMs - arrivedMs);
        if (task.isLeaving) this.#exit(task, onChange);
        onChange();
      };
      this.#machine.add({ ...this.workload.input, onDone });
    }
  }

  decide(options: { startingElsewhere: number; usualStartMs: number }): ScalingDecision {
    const { cores, nowMs } = this.#machine;
    const tasks = this.tasks.filter((task) => !task.isLeaving);
    if (this.#fixed !== undefined) {
      const running = tasks.reduce((sum, task) => sum + task.load, 0);
      const wanted = Math.min(this.#fixed, this.#queue.length + running);
      const isWaiting = tasks.some((task) => task.state === "queued");
      return {
        start: isWaiting ? 0 : Math.max(0, wanted - tasks.length),
        drain: [],
        recheckAtMs: undefined,
      };
    }
    const settings: ScalingSettings = {
      min: 0,
      max: Infinity,
      buffer: 0,
      scaledownWindowMs: 60_000,
      targetConcurrency: 1,
    };
    return decideScale({
      ...settings,
      pendingInputs: this.#queue.length,
      tasks: tasks.map((task) => ({
        taskId: task.taskId,
        phase: task.state === "queued" ? "queued" : task.state === "ready" ? "ready" : "starting",
        runningInputs: task.load,
        runningMs: [...task.running].map(({ sinceMs }) => nowMs - sinceMs),
        waits: false,
        idleSinceMs: task.idleSinceMs,
        outdated: false,
      })),
      pausedUntilMs: 0,
      active: true,
      maxStarting: Infinity,
      pace: this.pace.seen({ cores, startMs: options.usualStartMs, nowMs }),
      machine: { cores, startingElsewhere: options.startingElsewhere },
      nowMs,
    });
  }

  place(
    task: SimulatedTask,
    room: { workerId: string; gpus: readonly OfferedGpu[] },
    onReady: () => void,
  ): void {
    Object.assign(task, room);
    task.state = "starting";
    task.moments.placed = this.#machine.nowMs;
    this.started++;
    const onDone = () => {
      if (task.isLeaving) return;
      task.state = "ready";
      task.moments.ready = this.#machine.nowMs;
      task.idleSinceMs = this.#machine.nowMs;
      onReady();
    };
    this.#machine.add({ ...this.workload.start, onDone });
  }

  drain(task: SimulatedTask, onGone: () => void): void {
    const wasQueued = task.state === "queued";
    task.state = "draining";
    if (wasQueued) this.tasks = this.tasks.filter((each) => each !== task);
    else if (task.load === 0) this.#exit(task, onGone);
  }

  #exit(task: SimulatedTask, onGone: () => void): void {
    this.#machine.at(this.#machine.nowMs + exitMs, () => {
      this.tasks = this.tasks.filter((each) => each !== task);
      onGone();
    });
  }
}
