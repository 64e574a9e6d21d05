import type { Selectable } from "kysely";
import type { Logger } from "pino";
import { CoalescedWrites } from "../../database/coalesced-writes.ts";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { Task, type TaskOwner } from "./task.ts";
import type { TaskRow } from "../../schema/rows/task.ts";
import { taskFromRow, writeTask } from "./task-rows.ts";

const retentionMs = 7 * 24 * 3600 * 1000;
const tasksPerSlice = 100;

/** Containers on disk: the running ones to find them again, the ended ones to tell about them. */
export class TaskStore {
  #db: Database;
  #journal: Journal;
  #tasks: CoalescedWrites<Task>;
  /** On their way to the disk. */
  #saving = new Map<string, Task>();

  #logger: Logger;

  constructor(options: { db: Database; journal: Journal; logger: Logger }) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#logger = options.logger;
    this.#tasks = new CoalescedWrites(options.journal, writeTask);
  }

  /** Writes the task's state of now, or a newer one, down. Nobody waits for that. */
  save(task: Task): void {
    this.#saving.set(task.taskId, task);
    this.#tasks
      .save(task)
      .catch((error: unknown) => {
        this.#logger.error({ err: error, taskId: task.taskId }, "a task could not be saved");
      })
      .finally(() => {
        if (this.#saving.get(task.taskId) === task) this.#saving.delete(task.taskId);
      });
  }

  /** Tasks that were not over when the server stopped. */
  async live(ownerOf: (row: Selectable<TaskRow>) => TaskOwner): Promise<Task[]> {
    const rows = await this.#db.selectFrom("task").selectAll().where("finished_at", "is", null).execute();
    return rows.map((row) => taskFromRow(row, ownerOf(row)));
  }

  async load(taskId: string): Promise<Task | undefined> {
    const saving = this.#saving.get(taskId);
    if (saving) return saving;
    const row = await this.#db
      .selectFrom("task")
      .selectAll()
      .where("task_id", "=", taskId)
      .executeTakeFirst();
    return row && taskFromRow(row, nobody);
  }

  /** Removes some of those that ended longer ago than they are kept. False when none is left. */
  async forgetSome(nowMs: number): Promise<boolean> {
    return await this.#journal.write(async (trx) => {
      const expired = await trx
        .selectFrom("task")
        .select("task_id")
        .where("finished_at", "<", nowMs - retentionMs)
        .limit(tasksPerSlice)
        .execute();
      const ids = expired.map((row) => row.task_id);
      if (ids.length > 0) await trx.deleteFrom("task").where("task_id", "in", ids).execute();
      return ids.length > 0;
    });
  }
}

const nobody: TaskOwner = {
  ready() {},
  startFailed() {},
  nextInputs: async () => [],
  putOutput: async () => undefined,
  leaving() {},
  ended() {},
};
