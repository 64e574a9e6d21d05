import { fromBinary } from "@bufbuild/protobuf";
import { LongWork } from "@dorian/base/long-work";
import { GenericResultSchema, type GenericResult_GenericStatus } from "@dorian/protocol/modal";
import type { Database } from "../../database/database.ts";
import { callOfInput } from "./call-of-input.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";

export interface GraphCall {
  callId: string;
  functionId: string;
  /** The input during which it was made; empty for one made from outside. */
  parentInputId: string;
}

export interface GraphInput {
  inputId: string;
  callId: string;
  /** Its place in the call. */
  idx: number;
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
/** Rows that are read before others have their turn. */
const rowsPerTurn = 100;

/** The calls that one came from, up to the one made from outside, and everything that this one led to. */
export async function callGraph(
  db: Database,
  call: FunctionCall,
  options: {
    /** Calls are as many at most, too, and so is the way up. */
    maxInputs: number;
    openInput: (inputId: string) => CallInput | undefined;
    /** A call that is in memory, which is ahead of the disk. */
    known: (callId: string) => FunctionCall | undefined;
  },
): Promise<CallGraph> {
  const graph: CallGraph = { calls: [], inputs: [], truncated: false };
  const work = new LongWork(rowsPerTurn);
  const liveCallWith = (inputId: string) => {
    const above = options.openInput(inputId)?.call;
    return above?.live && above;
  };
  const { live, ...root } = call.live
    ? { ...call.facts, live: call }
    : await rootOf(db, call.facts, { liveCallWith, most: options.maxInputs, work });
  // What it came from may have expired: then it is the first that is known.
  let frontier: GraphCall[] = [{ ...root, parentInputId: "" }];
  if (live) {
    // Of one whose caller is connected nothing is on disk while it runs.
    const inputs = [...live.inputs.values()].map(liveInput);
    graph.calls.push(...frontier);
    graph.inputs.push(...inputs);
    const ids = inputs.map((input) => input.inputId);
    frontier = await callsFrom(db, ids, options.maxInputs);
  }
  while (frontier.length > 0 && !graph.truncated) {
    const most = options.maxInputs - graph.calls.length;
    graph.truncated = frontier.length > most;
    frontier = frontier.slice(0, most);
    graph.calls.push(...frontier);
    const inputs: GraphInput[] = [];
    for (const { callId: parent } of frontier) {
      const room = options.maxInputs - graph.inputs.length - inputs.length;
      const found = await inputsOf(db, parent, room + 1);
      inputs.push(...found.slice(0, room).map((input) => newest(input, options.known(parent))));
      graph.truncated ||= found.length > room;
      await work.done(1 + found.length);
    }
    graph.inputs.push(...inputs);
    frontier = [];
    for (let from = 0; from < inputs.length && frontier.length <= options.maxInputs; from += inputsAtOnce) {
      const some = inputs.slice(from, from + inputsAtOnce).map((input) => input.inputId);
      const found = await callsFrom(db, some, options.maxInputs + 1);
      frontier = frontier.concat(found);
      await work.done(found.length);
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

interface Root extends Pick<GraphCall, "callId" | "functionId"> {
  /** In memory, of a call whose caller is connected. */
  live?: FunctionCall;
}

/** The topmost call, or one so far above that there is no room for what lies between. */
async function rootOf(
  db: Database,
  call: GraphCall,
  options: { liveCallWith: (inputId: string) => FunctionCall | undefined; most: number; work: LongWork },
): Promise<Root> {
  let top = call;
  for (let count = 0; top.parentInputId !== "" && count < options.most; count++) {
    const live = options.liveCallWith(top.parentInputId);
    if (live) return { ...live.facts, live };
    const above = await callOfInput(db, top.parentInputId);
    if (!above) break;
    top = above;
    await options.work.done(1);
  }
  const { callId, functionId } = top;
  return { callId, functionId };
}

function newest(input: GraphInput, call: FunctionCall | undefined): GraphInput {
  if (input.status !== 0 || !call) return input;
  const output = call.inputs.get(input.idx)?.output;
  return output ? { ...input, status: output.status, taskId: output.taskId } : input;
}

function liveInput(input: CallInput): GraphInput {
  const { inputId, call, idx, state } = input;
  const taskId = state.kind === "running" ? state.taskId : "";
  return { inputId, callId: call.facts.callId, idx, taskId, status: 0 };
}

async function callsFrom(db: Database, inputIds: readonly string[], limit: number): Promise<GraphCall[]> {
  const rows = await db
    .selectFrom("function_call")
    .select(["call_id", "function_id", "parent_input_id"])
    .where("parent_input_id", "in", inputIds)
    // So that its index is used, which has no empty ones.
    .where("parent_input_id", "<>", "")
    .limit(limit)
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
      "idx",
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
    idx: row.idx,
    taskId: row.task_id ?? row.output_task_id,
    status: statusOfBytes(row.head),
  }));
}
