import { create, toBinary } from "@bufbuild/protobuf";
import { FunctionInputSchema, GenericResultSchema } from "@dorian/protocol/modal";
import { CompiledQuery, type Selectable, type Transaction } from "kysely";
import type { CallInputRow } from "../../schema/rows/call.ts";
import type { Tables } from "../../schema/tables.ts";
import { statusOfBytes } from "./call-graph.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";
import type { InputState } from "./input-state.ts";

/** The state that an input's row tells of. */
export function stateOf(row: {
  state: string;
  task_id: string | null;
  retry_at: number | null;
  finished_at: number | null;
}): InputState {
  if (row.finished_at !== null) return { kind: "finished", atMs: row.finished_at };
  if (row.state === "running" && row.task_id !== null)
    return { kind: "running", taskId: row.task_id, startedAtMs: 0 };
  if (row.state === "backing-off") return { kind: "backing-off", untilMs: row.retry_at ?? 0 };
  return { kind: "pending" };
}

/** What is read of an input's row at first: of its result no more than shows how it ended. */
export type InputRowHead = Omit<Selectable<CallInputRow>, "call_id" | "request" | "result"> & {
  result_bytes: number | null;
  result_head: Uint8Array | null;
};

/** An input as it was when its call was written last. */
export function inputFromRow(row: InputRowHead, call: FunctionCall): CallInput {
  const input: CallInput = {
    inputId: row.input_id,
    call,
    idx: row.idx,
    createdAtMs: row.created_at,
    waitingSinceMs: 0,
    method: row.method,
    request: undefined,
    state: stateOf(row),
    attempt: row.attempt,
    userRetries: row.user_retries,
    deliveries: row.deliveries,
    deaths: row.deaths,
    killsAlone: 0,
    isSuspect: row.suspect === 1,
    output: undefined,
    saved: true,
  };
  if (row.output_cursor === null) return input;
  input.output = {
    result: undefined,
    status: statusOfBytes(row.result_head),
    bytes: row.result_bytes ?? 0,
    format: row.output_format,
    taskId: row.output_task_id,
    startedAtSecs: row.output_started_at,
    createdAtSecs: row.output_created_at,
    cursor: row.output_cursor,
  };
  return input;
}

// Ready-made statements: these run on every call, and building one costs more than running it.
const insertCallSql = `insert into function_call
  (call_id, function_id, app_id, call_type, invocation_type, parent_input_id, idempotency_key, created_at)
  values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (call_id) do nothing`;

const insertInputSql = `insert into call_input
  (input_id, call_id, idx, request, state, task_id, attempt, user_retries, deliveries, deaths, suspect, retry_at,
   created_at, result,
   output_format, output_task_id, output_started_at, output_created_at, output_cursor, finished_at, method)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (input_id) do update set state = excluded.state, task_id = excluded.task_id, attempt = excluded.attempt,
  user_retries = excluded.user_retries, deliveries = excluded.deliveries,
  deaths = excluded.deaths, suspect = excluded.suspect, retry_at = excluded.retry_at,
  result = excluded.result, output_format = excluded.output_format, output_task_id = excluded.output_task_id,
  output_started_at = excluded.output_started_at, output_created_at = excluded.output_created_at,
  output_cursor = excluded.output_cursor, finished_at = excluded.finished_at`;

const updateInputSql = `update call_input set state = ?, task_id = ?, attempt = ?, user_retries = ?, deliveries = ?,
  deaths = ?, suspect = ?,
  retry_at = ?, result = coalesce(?, result), output_format = ?, output_task_id = ?, output_started_at = ?,
  output_created_at = ?, output_cursor = ?, finished_at = ? where input_id = ?`;

export async function insertCall(trx: Transaction<Tables>, { facts }: FunctionCall): Promise<void> {
  await trx.executeQuery(
    CompiledQuery.raw(insertCallSql, [
      facts.callId,
      facts.functionId,
      facts.appId,
      facts.type,
      facts.invocationType,
      facts.parentInputId,
      facts.idempotencyKey === "" ? null : facts.idempotencyKey,
      facts.createdAtMs,
    ]),
  );
}

export async function writeInput(trx: Transaction<Tables>, input: CallInput): Promise<void> {
  const { state, output } = input;
  const result = output?.result ? toBinary(GenericResultSchema, output.result) : null;
  const progress = [
    state.kind,
    state.kind === "running" ? state.taskId : null,
    input.attempt,
    input.userRetries,
    input.deliveries,
    input.deaths,
    input.isSuspect ? 1 : 0,
    state.kind === "backing-off" ? state.untilMs : null,
  ];
  const outcome = [
    output?.format ?? 0,
    output?.taskId ?? "",
    output?.startedAtSecs ?? 0,
    output?.createdAtSecs ?? 0,
    output?.cursor ?? null,
    state.kind === "finished" ? state.atMs : null,
  ];
  if (input.saved) {
    await trx.executeQuery(
      CompiledQuery.raw(updateInputSql, [...progress, result, ...outcome, input.inputId]),
    );
    return;
  }
  const request = toBinary(FunctionInputSchema, input.request ?? create(FunctionInputSchema));
  const identity = [input.inputId, input.call.facts.callId, input.idx, request];
  await trx.executeQuery(
    CompiledQuery.raw(insertInputSql, [
      ...identity,
      ...progress,
      input.createdAtMs,
      result,
      ...outcome,
      input.method,
    ]),
  );
}
