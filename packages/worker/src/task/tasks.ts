import type { StartTask } from "@dorian/protocol/worker";
import { Task } from "./task.ts";
import type { TaskDependencies } from "./task-dependencies.ts";
import type { TaskEnd } from "./task-end.ts";

export interface TasksOptions {
  dependencies: TaskDependencies;
  onEnded: (taskId: string, end: TaskEnd) => void;
}

/** How many ended tasks are remembered, for a server that was away when they ended. */
const rememberedEnds = 1_000;

/** The tasks of this worker. */
export class Tasks {
  #options: TasksOptions;
  #running = new Map<string, Task>();
  #ended = new Map<string, TaskEnd>();
  #refuses = false;
  #stopping = false;

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Starting a task that is known already does nothing: orders may be repeated. */
  start(request: StartTask): void {
    if (this.#running.has(request.taskId) || this.#ended.has(request.taskId)) return;
    if (this.#refuses) {
      const end = {
        exitCode: -1,
        signal: "SIGKILL",
        outOfMemory: false,
        wasStopped: true,
        interrupted: true,
      };
      this.#note(request.taskId, end);
      return;
    }
    const task = new Task(request, this.#options.dependencies);
    this.#running.set(request.taskId, task);
    void task.ended.then((end) => {
      this.#running.delete(request.taskId);
      this.#note(request.taskId, this.#stopping ? { ...end, interrupted: true } : end);
    });
  }

  /** Begins none from now on: an order that was on its way is answered as if its container had ended. */
  refuseNew(): void {
    this.#refuses = true;
  }

  get(taskId: string): Task | undefined {
    return this.#running.get(taskId);
  }

  /** How a task ended, for as long as that is remembered. */
  endOf(taskId: string): TaskEnd | undefined {
    return this.#ended.get(taskId);
  }

  get running(): Task[] {
    return [...this.#running.values()];
  }

  /** Stops every task, because the worker ends, and resolves when all have ended. */
  async stopAll(options: { graceMs: number; reason: string }): Promise<void> {
    this.refuseNew();
    this.#stopping = true;
    await Promise.all(
      this.running.map(async (task) => {
        await task.stop(options);
        await task.ended;
      }),
    );
  }

  #note(taskId: string, end: TaskEnd): void {
    this.#ended.set(taskId, end);
    const oldest = this.#ended.keys().next().value;
    if (this.#ended.size > rememberedEnds && oldest !== undefined) this.#ended.delete(oldest);
    this.#options.onEnded(taskId, end);
  }
}
