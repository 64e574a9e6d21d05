import { fromBinary } from "@bufbuild/protobuf";
import { GenericResultSchema, type GenericResult_GenericStatus } from "@dorian/protocol/modal";
import type { Database } from "../database/database.ts";

export interface GraphCall {
  callId: string;
  functionId: string;
  /** The input during which it was made; empty for one made from outside. */
  parentInputId: string;
}

export interface GraphInput {
  inputId: string;
  callId: string;
  taskId: string;
  /** UNSPECIFIED while unfinished. */
  status: GenericResult_GenericStatus;
}

export interface CallGraph {
  calls: GraphCall[];
  inputs: GraphInput[];
  /** There are more than were asked for. */
  truncated: boolean;
}

const inputsAtOnce = 500;

/** The calls that one came from, up to the one made from outside, and everything that this one led to. */
export async function callGraph(
  db: Database,
  callId: string,
  options: { maxInputs: number },
): Promise<CallGraph> {
  const graph: CallGraph = { calls: [], inputs: [], truncated: false };
  let frontier = await callsWhere(db, "call_id", [await rootOf(db, callId)]);
  while (frontier.length > 0 && !graph.truncated) {
    graph.calls.push(...frontier);
    const inputs: GraphInput[] = [];
    for (const { callId: parent } of frontier) {
      const room = options.maxInputs - graph.inputs.length - inputs.length;
      const found = await inputsOf(db, parent, room + 1);
      inputs.push(...found.slice(0, room));
      graph.truncated ||= found.length > room;
    }
    graph.inputs.push(...inputs);
    frontier = [];
    for (let from = 0; from < inputs.length; from += inputsAtOnce) {
      const some = inputs.slice(from, from + inputsAtOnce).map((input) => input.inputId);
      frontier.push(...(await callsWhere(db, "parent_input_id", some)));
    }
  }
  return graph;
}

/** The status in the bytes of a result, of which it is the first field. */
export function statusOfBytes(head: Uint8Array | null): GenericResult_GenericStatus {
  return head ? fromBinary(GenericResultSchema, head).status : 0;
}

/** Bytes of a result that hold its status. */
export const statusBytes = 2;

async function rootOf(db: Database, callId: string): Promise<string> {
  const [call] = await callsWhere(db, "call_id", [callId]);
  if (!call || call.parentInputId === "") return callId;
  const parent = await db
    .selectFrom("call_input")
    .select("call_id")
    .where("input_id", "=", call.parentInputId)
    .executeTakeFirst();
  // Its caller may have expired.
  return parent ? await rootOf(db, parent.call_id) : callId;
}

async function callsWhere(
  db: Database,
  column: "call_id" | "parent_input_id",
  ids: readonly string[],
): Promise<GraphCall[]> {
  const rows = await db
    .selectFrom("function_call")
    .select(["call_id", "function_id", "parent_input_id"])
    .where(column, "in", ids)
    .where(column, "<>", "")
    .execute();
  return rows.map((row) => ({
    callId: row.call_id,
    functionId: row.function_id,
    parentInputId: row.parent_input_id,
  }));
}

async function inputsOf(db: Database, callId: string, limit: number): Promise<GraphInput[]> {
  const rows = await db
    .selectFrom("call_input")
    .select([
      "input_id",
      "task_id",
      "output_task_id",
      (eb) => eb.fn<Uint8Array | null>("substr", ["result", eb.lit(1), eb.lit(statusBytes)]).as("head"),
    ])
    .where("call_id", "=", callId)
    .orderBy("idx")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    inputId: row.input_id,
    callId,
    taskId: row.task_id ?? row.output_task_id,
    status: statusOfBytes(row.head),
  }));
}
