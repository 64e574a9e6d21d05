import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GenericResultSchema } from "@dorian/protocol/modal";
import type { Selectable, Transaction } from "kysely";
import { CoalescedWrites } from "../../database/coalesced-writes.ts";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import type { OfferedGpu } from "../placement/placement.ts";
import { Task, type TaskOwner } from "./task.ts";
import type { TaskState } from "./task-state.ts";
import type { TaskRow } from "../../schema/rows/task.ts";
import { TaskTimeline, type TimelinePhase } from "./task-timeline.ts";

const retentionMs = 7 * 24 * 3600 * 1000;
const tasksPerSlice = 100;

/** Containers on disk: the running ones to find them again, the ended ones to tell about them. */
export class TaskStore {
  #db: Database;
  #journal: Journal;
  #tasks: CoalescedWrites<Task>;
  /** On their way to the disk. */
  #saving = new Map<string, Task>();

  constructor(options: { db: Database; journal: Journal }) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#tasks = new CoalescedWrites(options.journal, writeTask);
  }

  /** Resolves when the task's state of now, or a newer one, is durable. */
  async save(task: Task): Promise<void> {
    this.#saving.set(task.taskId, task);
    try {
      await this.#tasks.save(task);
    } finally {
      if (this.#saving.get(task.taskId) === task) this.#saving.delete(task.taskId);
    }
  }

  /** Tasks that were not over when the server stopped. */
  async live(ownerOf: (row: Selectable<TaskRow>) => TaskOwner): Promise<Task[]> {
    const rows = await this.#db.selectFrom("task").selectAll().where("finished_at", "is", null).execute();
    return rows.map((row) => taskOf(row, ownerOf(row)));
  }

  async load(taskId: string): Promise<Task | undefined> {
    const saving = this.#saving.get(taskId);
    if (saving) return saving;
    const row = await this.#db
      .selectFrom("task")
      .selectAll()
      .where("task_id", "=", taskId)
      .executeTakeFirst();
    return row && taskOf(row, nobody);
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

function taskOf(row: Selectable<TaskRow>, owner: TaskOwner): Task {
  const task = new Task({
    facts: {
      taskId: row.task_id,
      functionId: row.function_id,
      appId: row.app_id,
      tag: row.tag,
      imageId: row.image_id,
      revision: row.revision,
      isBuilder: row.is_builder === 1,
      isUntrusted: row.untrusted === 1,
      request: { milliCpu: row.milli_cpu, memoryMb: row.memory_mb },
      enqueuedAtMs: row.enqueued_at,
    },
    owner,
    timeline: new TaskTimeline(row.enqueued_at, JSON.parse(row.timeline) as TimelinePhase[]),
    state: row.state as TaskState,
  });
  task.workerId = row.worker_id ?? undefined;
  task.workerName = row.worker_name;
  task.gpus = JSON.parse(row.gpus) as OfferedGpu[];
  task.startedAtMs = row.started_at ?? undefined;
  task.finishedAtMs = row.finished_at ?? undefined;
  task.bytesCopied = row.bytes_copied;
  task.result = row.result ? fromBinary(GenericResultSchema, row.result) : undefined;
  return task;
}

async function writeTask(trx: Transaction<Tables>, task: Task): Promise<void> {
  const { facts } = task;
  const changing = {
    worker_id: task.workerId ?? null,
    worker_name: task.workerName,
    state: task.state,
    gpus: JSON.stringify(task.gpus),
    started_at: task.startedAtMs ?? null,
    finished_at: task.finishedAtMs ?? null,
    timeline: JSON.stringify(task.timeline.phases),
    bytes_copied: task.bytesCopied,
    result: task.result ? toBinary(GenericResultSchema, task.result) : null,
  };
  await trx
    .insertInto("task")
    .values({
      task_id: facts.taskId,
      function_id: facts.functionId,
      app_id: facts.appId,
      tag: facts.tag,
      image_id: facts.imageId,
      revision: facts.revision,
      is_builder: facts.isBuilder ? 1 : 0,
      untrusted: facts.isUntrusted ? 1 : 0,
      milli_cpu: facts.request.milliCpu,
      memory_mb: facts.request.memoryMb,
      enqueued_at: facts.enqueuedAtMs,
      ...changing,
    })
    .onConflict((conflict) => conflict.column("task_id").doUpdateSet(changing))
    .execute();
}
