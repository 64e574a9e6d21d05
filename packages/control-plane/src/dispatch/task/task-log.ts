import { create } from "@bufbuild/protobuf";
import { FileDescriptor, ProgressType, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { AppLogs } from "../log/app-logs.ts";
import type { LogOrigin } from "../log/log-writer.ts";
import type { Task } from "./task.ts";
import { wireStates } from "./task-state.ts";

export interface TaskLogOptions {
  logs: AppLogs;
  nowMs: () => number;
}

/** Where the lines of containers go, and what the platform says about them there. */
export class TaskLog {
  #options: TaskLogOptions;

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  /** Shows its state, with words for a spinner. */
  showState(task: Task, description: string): void {
    const item = create(TaskLogsSchema, {
      taskState: wireStates[task.state],
      taskProgress: { progressType: ProgressType.FUNCTION_QUEUED, description },
      timestamp: this.#options.nowMs() / 1000,
      containerId: task.taskId,
      containerName: task.facts.tag,
    });
    void this.append(task, [item]);
  }

  /** Writes a line of the platform's own, among the user's. */
  note(task: Task, text: string): void {
    const timestamp = this.#options.nowMs() / 1000;
    const fileDescriptor = FileDescriptor.INFO;
    void this.append(task, [create(TaskLogsSchema, { data: `${text}\n`, fileDescriptor, timestamp })]);
  }

  /** Says what follows from something that happened to it. */
  tell(task: Task, text: string): void {
    this.note(task, text);
    this.showState(task, text);
  }

  /** Resolves when the lines are on disk. */
  async append(task: Task, items: TaskLogs[], origin?: LogOrigin): Promise<void> {
    const { taskId, functionId, appId, tag: functionTag } = task.facts;
    if (task.owner.receiveLogs) await task.owner.receiveLogs(items);
    else await this.#options.logs.append(appId, { taskId, functionId, functionTag }, items, origin);
  }

  /** Shows readers of its app's log that it has ended. */
  wakeReaders(task: Task): void {
    this.#options.logs.wake(task.facts.appId);
  }
}
