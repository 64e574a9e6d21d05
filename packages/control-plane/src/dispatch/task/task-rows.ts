import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GenericResultSchema } from "@dorian/protocol/modal";
import type { Selectable, Transaction } from "kysely";
import type { TaskRow } from "../../schema/rows/task.ts";
import type { Tables } from "../../schema/tables.ts";
import type { OfferedGpu } from "../placement/placement.ts";
import { Task, type TaskOwner } from "./task.ts";
import type { TaskState } from "./task-state.ts";
import { TaskTimeline, type TimelinePhase } from "./task-timeline.ts";

/** As it is kept: with how many inputs a container was given while it served. */
interface KeptPhase extends TimelinePhase {
  inputs?: number;
}

export function taskFromRow(row: Selectable<TaskRow>, owner: TaskOwner): Task {
  const phases = JSON.parse(row.timeline) as KeptPhase[];
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
    timeline: new TaskTimeline(row.enqueued_at, phases),
    state: row.state as TaskState,
  });
  task.workerId = row.worker_id ?? undefined;
  task.workerName = row.worker_name;
  task.gpus = JSON.parse(row.gpus) as OfferedGpu[];
  task.startedAtMs = row.started_at ?? undefined;
  task.finishedAtMs = row.finished_at ?? undefined;
  task.inputsTaken = phases.find(({ inputs }) => inputs !== undefined)?.inputs ?? 0;
  task.bytesCopied = row.bytes_copied;
  task.result = row.result ? fromBinary(GenericResultSchema, row.result) : undefined;
  return task;
}

export async function writeTask(trx: Transaction<Tables>, task: Task): Promise<void> {
  const { facts } = task;
  const changing = {
    worker_id: task.workerId ?? null,
    worker_name: task.workerName,
    state: task.state,
    gpus: JSON.stringify(task.gpus),
    started_at: task.startedAtMs ?? null,
    finished_at: task.finishedAtMs ?? null,
    timeline: JSON.stringify(keptPhases(task)),
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

function keptPhases({ timeline, inputsTaken }: Task): KeptPhase[] {
  return timeline.all.map((phase) => (phase.name === "serve" ? { ...phase, inputs: inputsTaken } : phase));
}
