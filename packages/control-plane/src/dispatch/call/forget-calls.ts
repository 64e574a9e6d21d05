import { sql } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { ExpiringHistory } from "../retention/forget-expired.ts";
import type { CallBytes } from "./call-bytes.ts";
import { callTerms } from "./call-retention.ts";

export interface CallForgettingOptions {
  db: Database;
  journal: Journal;
  bytes: CallBytes;
  /** What all calls may fill, in bytes. */
  limitBytes: number;
  nowMs: () => number;
}

/** In the order in which calls were made. */
interface Place {
  createdAtMs: number;
  row: number;
}

/** Each slice holds up what else is written, for milliseconds. */
const callsPerSlice = 50;
const rowsPerSlice = 50;
/** Freeing a value's pages reads them: a slice of large ones is shorter. */
const bytesPerSlice = 4 * 1024 * 1024;

const beginning: Place = { createdAtMs: Number.MIN_SAFE_INTEGER, row: 0 };

/** Takes calls that have all their outputs and are older than their terms out of the database, oldest first. */
export class CallForgetting implements ExpiringHistory {
  #db: Database;
  #journal: Journal;
  #bytes: CallBytes;
  #limitBytes: number;
  #nowMs: () => number;
  /** The content of those before it is gone, except of those that had work left. */
  #emptiedUpTo = beginning;
  #leftOpen = new Set<string>();
  /** Nothing of those before it is left, except of those that had work left. */
  #passed = beginning;

  constructor(options: CallForgettingOptions) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#bytes = options.bytes;
    this.#limitBytes = options.limitBytes;
    this.#nowMs = options.nowMs;
  }

  async forgetSome(): Promise<boolean> {
    const terms = callTerms({ nowMs: this.#nowMs(), bytes: this.#bytes, limitBytes: this.#limitBytes });
    if (await this.#removeSome(terms.allBeforeMs)) return true;
    this.#passed = beginning;
    if (await this.#emptySome(terms.contentBeforeMs)) return true;
    if (await this.#emptySomeLeftOpen()) return true;
    this.#bytes.forget(terms.contentBeforeMs);
    await this.#bytes.save();
    return false;
  }

  async #removeSome(beforeMs: number): Promise<boolean> {
    const { calls, last } = await this.#next(this.#passed, beforeMs);
    if (last === undefined) return false;
    const over = await this.#withoutWork(calls);
    if (await this.#emptyOne(over)) return true;
    await this.#journal.write((trx) =>
      trx.deleteFrom("function_call").where("call_id", "in", over).execute(),
    );
    for (const callId of over) this.#leftOpen.delete(callId);
    this.#passed = last;
    return true;
  }

  async #emptySome(beforeMs: number): Promise<boolean> {
    const { calls, last } = await this.#next(this.#emptiedUpTo, beforeMs);
    if (last === undefined) return false;
    const over = new Set(await this.#withoutWork(calls));
    if (await this.#emptyOne([...over])) return true;
    for (const callId of calls) if (!over.has(callId)) this.#leftOpen.add(callId);
    this.#emptiedUpTo = last;
    return true;
  }

  async #emptySomeLeftOpen(): Promise<boolean> {
    const calls = [...this.#leftOpen].slice(0, callsPerSlice);
    const over = new Set(await this.#withoutWork(calls));
    if (await this.#emptyOne([...over])) return true;
    for (const callId of calls) {
      this.#leftOpen.delete(callId);
      // Those behind it get their turn before it has another.
      if (!over.has(callId)) this.#leftOpen.add(callId);
    }
    return false;
  }

  async #next(after: Place, beforeMs: number): Promise<{ calls: string[]; last: Place | undefined }> {
    const row = sql<number>`function_call.rowid`;
    const found = await this.#db
      .selectFrom("function_call")
      .select(["call_id", "created_at", row.as("row")])
      .where("created_at", "<", beforeMs)
      .where(sql<boolean>`(created_at, function_call.rowid) > (${after.createdAtMs}, ${after.row})`)
      .orderBy("created_at")
      .orderBy(row)
      .limit(callsPerSlice)
      .execute();
    const last = found.at(-1);
    return {
      calls: found.map((call) => call.call_id),
      last: last && { createdAtMs: last.created_at, row: last.row },
    };
  }

  async #withoutWork(callIds: readonly string[]): Promise<string[]> {
    if (callIds.length === 0) return [];
    const open = await this.#db
      .selectFrom("call_input")
      .select("call_id")
      .distinct()
      .where("call_id", "in", callIds)
      .where("finished_at", "is", null)
      .execute();
    const working = new Set(open.map((row) => row.call_id));
    return callIds.filter((callId) => !working.has(callId));
  }

  /** Removes a slice of the inputs and chunks of calls. False when they have none. */
  async #emptyOne(callIds: readonly string[]): Promise<boolean> {
    if (callIds.length === 0) return false;
    return await this.#journal.write(async (trx) => {
      const inputs = await trx
        .selectFrom("call_input")
        .select(["input_id", sql<number>`length(request) + ifnull(length(result), 0)`.as("bytes")])
        .where("call_id", "in", callIds)
        .limit(rowsPerSlice)
        .execute();
      if (inputs.length > 0) {
        const ids = within(inputs).map((input) => input.input_id);
        await trx.deleteFrom("call_input").where("input_id", "in", ids).execute();
        return true;
      }
      const chunks = await trx
        .selectFrom("data_chunk")
        .select(["call_id", "chunk_index", sql<number>`length(chunk)`.as("bytes")])
        .where("call_id", "in", callIds)
        .limit(rowsPerSlice)
        .execute();
      for (const chunk of within(chunks))
        await trx
          .deleteFrom("data_chunk")
          .where("call_id", "=", chunk.call_id)
          .where("chunk_index", "=", chunk.chunk_index)
          .execute();
      return chunks.length > 0;
    });
  }
}

/** Takes as many of the rows as are a slice, at least one. */
function within<R extends { bytes: number }>(rows: readonly R[]): R[] {
  let bytes = 0;
  return rows.filter((row, index) => {
    bytes += row.bytes;
    return index === 0 || bytes <= bytesPerSlice;
  });
}
