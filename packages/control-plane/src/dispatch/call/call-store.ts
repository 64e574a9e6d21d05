import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import {
  DataChunkSchema,
  FunctionInputSchema,
  GenericResultSchema,
  type DataChunk,
  type FunctionInput,
  type GenericResult,
} from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { CallBytes } from "./call-bytes.ts";
import type { Tables } from "../../schema/tables.ts";
import { statusBytes } from "./call-graph.ts";
import { inputFromRow, insertCall, writeInput } from "./call-rows.ts";
import { CoalescedWrites } from "../../database/coalesced-writes.ts";
import { FunctionCall, type CallInput } from "./function-call.ts";
import type { MemoryBudget } from "./memory-budget.ts";

export interface CallStoreOptions {
  db: Database;
  journal: Journal;
  budget: MemoryBudget;
  bytes: CallBytes;
}

/** A call of one input in the tables and their indexes, without what it was given and gave; seen with 300,000 of them. */
const inputRowBytes = 400;

/** Calls, inputs, outputs and generator chunks on disk. */
export class CallStore {
  #db: Database;
  #journal: Journal;
  #budget: MemoryBudget;
  #bytes: CallBytes;
  #inputs: CoalescedWrites<CallInput>;
  /** Outputs whose bytes are counted: one may be saved again. */
  #counted = new WeakSet<object>();

  constructor(options: CallStoreOptions) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#budget = options.budget;
    this.#bytes = options.bytes;
    this.#inputs = new CoalescedWrites(options.journal, writeInputOfCall);
  }

  /** Saves a new call with the inputs it came with. Resolves when durable. */
  async create(call: FunctionCall, inputs: readonly CallInput[]): Promise<void> {
    if (call.live) return;
    await this.#inputs.saveAll(inputs, (trx) => insertCall(trx, call));
    call.saved = true;
    for (const input of inputs) this.#saved(input);
  }

  /** Resolves when the input's state of now, or a newer one, is durable. `patient`: nobody waits for that. */
  async save(input: CallInput, options = { patient: false }): Promise<void> {
    if (input.call.live) return;
    await this.#inputs.save(input, options);
    this.#saved(input);
  }

  /** Saves that a live call has been, with its status alone: what it led to is told of with it. */
  async saveEnded(input: CallInput): Promise<void> {
    const { output } = input;
    const result = create(GenericResultSchema, {
      status: must(output, "the output of an ended input").status,
    });
    const bare = { ...input, request: undefined, output: output && { ...output, result } };
    await this.#journal.write(async (trx) => {
      await insertCall(trx, input.call);
      await writeInput(trx, bare);
    });
    this.#bytes.wrote(input.call.facts.createdAtMs, inputRowBytes);
  }

  /** Saves inputs that came together. Resolves when durable. */
  async addInputs(inputs: readonly CallInput[]): Promise<void> {
    await this.#inputs.saveAll(inputs, async () => undefined);
    for (const input of inputs) this.#saved(input);
  }

  async addChunks(call: FunctionCall, chunks: readonly DataChunk[]): Promise<void> {
    const { callId } = call.facts;
    await this.#journal.write(async (trx) => {
      for (const chunk of chunks) {
        await trx
          .insertInto("data_chunk")
          .values({
            call_id: callId,
            chunk_index: Number(chunk.index),
            chunk: toBinary(DataChunkSchema, chunk),
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    });
    for (const chunk of call.data.saved(chunks)) {
      const bytes = chunk.dataOneof.case === "data" ? chunk.dataOneof.value.byteLength : 0;
      this.#bytes.wrote(call.facts.createdAtMs, bytes);
      this.#budget.hold(chunk, bytes, () => call.data.drop(Number(chunk.index)));
    }
  }

  async loadChunk(callId: string, index: number): Promise<DataChunk | undefined> {
    const row = await this.#db
      .selectFrom("data_chunk")
      .select("chunk")
      .where("call_id", "=", callId)
      .where("chunk_index", "=", index)
      .executeTakeFirst();
    return row && fromBinary(DataChunkSchema, row.chunk);
  }

  async sizeOfChunk(callId: string, index: number): Promise<number> {
    const row = await this.#db
      .selectFrom("data_chunk")
      .select((columns) => columns.fn<number>("length", ["chunk"]).as("bytes"))
      .where("call_id", "=", callId)
      .where("chunk_index", "=", index)
      .executeTakeFirst();
    return row?.bytes ?? 0;
  }

  async requestOf(input: CallInput): Promise<FunctionInput> {
    if (input.request) return input.request;
    const row = await this.#db
      .selectFrom("call_input")
      .select("request")
      .where("input_id", "=", input.inputId)
      .executeTakeFirst();
    return fromBinary(FunctionInputSchema, must(row, `the row of input ${input.inputId}`).request);
  }

  async resultOf(input: CallInput): Promise<GenericResult> {
    if (input.output?.result) return input.output.result;
    const row = await this.#db
      .selectFrom("call_input")
      .select("result")
      .where("input_id", "=", input.inputId)
      .executeTakeFirst();
    return fromBinary(GenericResultSchema, must(row?.result, `the result of input ${input.inputId}`));
  }

  async load(callId: string): Promise<FunctionCall | undefined> {
    const row = await this.#db
      .selectFrom("function_call")
      .selectAll()
      .where("call_id", "=", callId)
      .executeTakeFirst();
    if (!row) return undefined;
    const call = new FunctionCall({
      callId: row.call_id,
      functionId: row.function_id,
      appId: row.app_id,
      type: row.call_type,
      invocationType: row.invocation_type,
      parentInputId: row.parent_input_id,
      idempotencyKey: row.idempotency_key ?? "",
      createdAtMs: row.created_at,
    });
    call.saved = true;
    await this.#loadInputs(call);
    const chunks = await this.#db
      .selectFrom("data_chunk")
      .select("chunk_index")
      .where("call_id", "=", callId)
      .execute();
    for (const chunk of chunks) call.data.restore(chunk.chunk_index);
    return call;
  }

  /** Calls with inputs that have no output yet. */
  async openCallIds(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom("call_input")
      .select("call_id")
      .distinct()
      .where("finished_at", "is", null)
      .execute();
    return rows.map((row) => row.call_id);
  }

  /** Calls by the key of the request that made them, for requests that are retried across a restart. */
  async recentKeys({ nowMs, lifeMs }: { nowMs: number; lifeMs: number }): Promise<Map<string, string>> {
    const { newest } = await this.#db
      .selectFrom("function_call")
      .select((select) => select.fn.max("created_at").as("newest"))
      .executeTakeFirstOrThrow();
    // The clock may have been set since: then the newest call says what is recent.
    const sinceMs = Math.min(nowMs, newest ?? nowMs) - lifeMs;
    const rows = await this.#db
      .selectFrom("function_call")
      .select(["call_id", "idempotency_key"])
      .where("created_at", ">=", sinceMs)
      .where("idempotency_key", "is not", null)
      .execute();
    return new Map(rows.map((row) => [row.idempotency_key ?? "", row.call_id]));
  }

  async #loadInputs(call: FunctionCall): Promise<void> {
    const rows = await this.#db
      .selectFrom("call_input")
      .select([
        "input_id",
        "idx",
        "state",
        "task_id",
        "attempt",
        "user_retries",
        "deliveries",
        "deaths",
        "suspect",
        "retry_at",
        "created_at",
        "output_format",
        "output_task_id",
        "output_started_at",
        "output_created_at",
        "output_cursor",
        "finished_at",
        "method",
        (eb) => eb.fn<number | null>("length", ["result"]).as("result_bytes"),
        (eb) =>
          eb.fn<Uint8Array | null>("substr", ["result", eb.lit(1), eb.lit(statusBytes)]).as("result_head"),
      ])
      .where("call_id", "=", call.facts.callId)
      .execute();
    const finished: CallInput[] = [];
    for (const row of rows) {
      const input = inputFromRow(row, call);
      call.inputs.set(row.idx, input);
      if (input.output) finished.push(input);
    }
    finished.sort((a, b) => (a.output?.cursor ?? 0) - (b.output?.cursor ?? 0));
    for (const input of finished) call.addOutput(input, input.output?.cursor ?? 0);
  }

  /** What is on disk need not stay in memory. */
  #saved(input: CallInput): void {
    input.call.saved = true;
    const { output } = input;
    const { createdAtMs } = input.call.facts;
    if (!input.saved)
      this.#bytes.wrote(createdAtMs, inputRowBytes + (input.request ? argumentBytes(input.request) : 0));
    if (output && !this.#counted.has(output)) {
      this.#counted.add(output);
      this.#bytes.wrote(createdAtMs, output.bytes);
    }
    input.saved = true;
    if (output) {
      input.request = undefined;
      if (output.result) {
        this.#budget.hold(input, output.bytes, () => {
          output.result = undefined;
        });
      }
    } else if (input.request) {
      this.#budget.hold(input, argumentBytes(input.request), () => {
        input.request = undefined;
      });
    }
  }
}

/** A call whose own writing failed is written with the first of its inputs that comes to something. */
async function writeInputOfCall(trx: Transaction<Tables>, input: CallInput): Promise<void> {
  if (!input.call.saved) await insertCall(trx, input.call);
  await writeInput(trx, input);
}

function argumentBytes(request: FunctionInput): number {
  return request.argsOneof.case === "args" ? request.argsOneof.value.byteLength : 0;
}
