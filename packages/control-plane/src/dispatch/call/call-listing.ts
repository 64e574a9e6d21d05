import { LongWork } from "@dorian/base/long-work";
import type { Database } from "../../database/database.ts";
import { statusBytes, statusOfBytes } from "./call-graph.ts";
import { headColumns, headFromRow, type CallHead } from "./call-of-input.ts";
import { stateOf } from "./call-rows.ts";
import { seenInput, type SeenInput } from "./call-status.ts";
import type { FunctionCall } from "./function-call.ts";

/** A call with the first of its inputs. */
export interface SeenCall extends CallHead {
  inputs: SeenInput[];
  /** How many there are. */
  count: number;
  unfinished: number;
}

/** Where a page ends: older calls follow. */
export interface ListingPlace {
  createdAtMs: number;
  callId: string;
}

/** How many inputs of a call are looked at. */
const mostInputs = 500;
/** Calls that are read at a time. */
const callsPerPage = 50;

/**
 * Calls that are kept, newest first: each with its place, and what there is to see of those that are wanted. Unfinished ones are in
 * memory.
 */
export async function* callsOnDisk(
  db: Database,
  options: {
    /** In milliseconds since 1970. */
    since: number;
    before: ListingPlace | undefined;
    wants: (call: CallHead) => boolean;
    known: (callId: string) => FunctionCall | undefined;
  },
): AsyncGenerator<{ place: ListingPlace; call: SeenCall | undefined }> {
  const { since, wants, known } = options;
  const work = new LongWork(callsPerPage);
  for (let before = options.before; ;) {
    const page = await callsBefore(db, before, since);
    const onDisk = page.filter(({ head }) => wants(head) && !known(head.callId));
    const inputs = await firstInputs(
      db,
      onDisk.map(({ head }) => head.callId),
    );
    for (const { head, count } of page) {
      before = { createdAtMs: head.createdAtMs, callId: head.callId };
      if (!wants(head)) {
        yield { place: before, call: undefined };
        continue;
      }
      const call = known(head.callId);
      const seen = call
        ? callInMemory(call)
        : { ...head, inputs: inputs.get(head.callId) ?? [], count, unfinished: 0 };
      yield { place: before, call: seen };
    }
    if (page.length < callsPerPage) return;
    await work.done(page.length);
  }
}

async function callsBefore(
  db: Database,
  before: ListingPlace | undefined,
  since: number,
): Promise<{ head: CallHead; count: number }[]> {
  let query = db
    .selectFrom("function_call")
    .select([
      ...headColumns,
      (eb) =>
        eb
          .selectFrom("call_input")
          .select((input) => input.fn.max<number | null>("idx").as("last"))
          .whereRef("call_input.call_id", "=", "function_call.call_id")
          .as("last"),
    ])
    .where("created_at", ">=", since)
    .orderBy("created_at", "desc")
    .orderBy("call_id", "desc")
    .limit(callsPerPage);
  if (before) {
    const { createdAtMs, callId } = before;
    query = query
      .where("created_at", "<=", createdAtMs)
      .where((eb) => eb.or([eb("created_at", "<", createdAtMs), eb("call_id", "<", callId)]));
  }
  const rows = await query.execute();
  return rows.map((row) => ({ head: headFromRow(row), count: row.last === null ? 0 : row.last + 1 }));
}

export function callInMemory(call: FunctionCall): SeenCall {
  const inputs: SeenInput[] = [];
  for (const input of call.inputs.values()) {
    if (inputs.length >= mostInputs) break;
    inputs.push(seenInput(input));
  }
  return { ...call.facts, inputs, count: call.inputs.size, unfinished: call.unfinished };
}

async function firstInputs(db: Database, callIds: readonly string[]): Promise<Map<string, SeenInput[]>> {
  const found = new Map<string, SeenInput[]>();
  if (callIds.length === 0) return found;
  const rows = await db
    .selectFrom("call_input")
    .select([
      "call_id",
      "state",
      "task_id",
      "retry_at",
      "finished_at",
      "output_started_at",
      "method",
      (eb) => eb.fn<Uint8Array | null>("substr", ["result", eb.lit(1), eb.lit(statusBytes)]).as("head"),
    ])
    .where("call_id", "in", callIds)
    .where("idx", "<", mostInputs)
    .execute();
  for (const row of rows) {
    const seen = found.get(row.call_id) ?? [];
    found.set(row.call_id, seen);
    seen.push({
      state: stateOf(row).kind,
      status: statusOfBytes(row.head),
      startedAtSecs: row.output_started_at,
      finishedAtMs: row.finished_at ?? undefined,
      method: row.method,
    });
  }
  return found;
}
