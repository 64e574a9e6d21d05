import type { StartTask } from "@dorian/protocol/worker";
import { Task, type TaskDependencies, type TaskEnd } from "./task.ts";

export interface TaskTableOptions {
  dependencies: TaskDependencies;
  onEnded: (taskId: string, end: TaskEnd) => void;
}

/** How many ended tasks are remembered, for a server that was away when they ended. */
const rememberedEnds = 1_000;

/** The tasks of this worker. */
export class TaskTable {
  #options: TaskTableOptions;
  #running = new Map<string, Task>();
  #ended = new Map<string, TaskEnd>();

  constructor(options: TaskTableOptions) {
    this.#options = options;
  }

  /** Starting a task that is known already does nothing: orders may be repeated. */
  start(request: StartTask): void {
    if (this.#running.has(request.taskId) || this.#ended.has(request.taskId)) return;
    const task = new Task(request, this.#options.dependencies);
    this.#running.set(request.taskId, task);
    void task.ended.then((end) => {
      this.#running.delete(request.taskId);
      this.#ended.set(request.taskId, end);
      const oldest = this.#ended.keys().next().value;
      if (this.#ended.size > rememberedEnds && oldest !== undefined) this.#ended.delete(oldest);
      this.#options.onEnded(request.taskId, end);
    });
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

  /** Stops every task and resolves when all have ended. */
  async stopAll(options: { graceMs: number; reason: string }): Promise<void> {
    await Promise.all(
      this.running.map(async (task) => {
        await task.stop(options);
        await task.ended;
      }),
    );
  }
}
