import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import { SharedWork } from "@dorian/base/shared-work";
import type { CallContext, TakeRoom } from "@dorian/protocol/service";
import { CompiledQuery, type Transaction } from "kysely";
import type { Database } from "./database.ts";
import { keyOf, type Done, type OnceOptions } from "./idempotency.ts";
import type { Journal } from "./journal.ts";
import type { Tables } from "../schema/tables.ts";

/** What a call does in a journal write. */
export type AnswerWork<M extends DescMessage> = (trx: Transaction<Tables>) => Promise<Done<M>>;

/** How long a retry of a call may come after it, in milliseconds: clients give up well before. */
const rememberedMs = 5 * 60_000;
const forgetEveryMs = 60_000;
const turnsRemembered = rememberedMs / forgetEveryMs;

interface RecentAnswersOptions {
  db: Database;
  journal: Journal;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** May throw before a method is run: see `Idempotency`. */
  refuse?: (method: string) => void;
}

/**
 * As `Idempotency`, for calls that come by the thousands a second and answer with data: an answer is appended with the
 * call's own transaction, found again through memory, and forgotten after minutes.
 */
export class RecentAnswers implements Disposable {
  #db: Database;
  #journal: Journal;
  #nowMs: () => number;
  /** Row by key, oldest first. */
  #rows = new Map<string, number>();
  #refuse: ((method: string) => void) | undefined;
  #running = new SharedWork<string, unknown>();
  #lastId = 0;
  /** The newest answers there were at each turn of forgetting, oldest first: what is forgotten goes by turns, not by a clock. */
  #marks: number[] = [];
  #timer: NodeJS.Timeout;

  private constructor(options: RecentAnswersOptions) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
    this.#refuse = options.refuse;
    // What cannot be removed now goes with the next turn.
    this.#timer = setInterval(() => void this.#forget().catch(() => undefined), forgetEveryMs).unref();
  }

  static async load(options: RecentAnswersOptions): Promise<RecentAnswers> {
    const answers = new RecentAnswers(options);
    const rows = await options.db
      .selectFrom("recent_answer")
      .select(["answer_id", "key"])
      .orderBy("answer_id")
      .execute();
    for (const row of rows) answers.#rows.set(row.key, row.answer_id);
    answers.#lastId = rows.at(-1)?.answer_id ?? 0;
    return answers;
  }

  /** `work` runs inside a journal write; see {@link Journal.write}. A failed call may be tried again with its key. */
  once<M extends DescMessage>(
    context: CallContext,
    options: OnceOptions<M>,
    work: AnswerWork<M>,
  ): Promise<MessageShape<M>> {
    return this.onceAfter(context, options, async () => work);
  }

  /**
   * As {@link once}, for work that first needs something done outside the transaction. `prepare` may also find that
   * there is nothing to do, and give the answer itself: that is not remembered.
   */
  async onceAfter<M extends DescMessage>(
    context: CallContext,
    options: OnceOptions<M>,
    prepare: () => Promise<AnswerWork<M> | { answer: MessageInitShape<M> }>,
  ): Promise<MessageShape<M>> {
    const key = keyOf(context, options.method);
    if (key === undefined) return await this.#run(undefined, options, prepare);
    const running = this.#running.join(key);
    // The method is a part of the key.
    if (running) return (await running) as MessageShape<M>;
    const row = this.#rows.get(key);
    if (row !== undefined) return await this.#answer(row, options.schema, context.takeRoom);
    return (await this.#running.run(key, () => this.#run(key, options, prepare))) as MessageShape<M>;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #run<M extends DescMessage>(
    key: string | undefined,
    options: OnceOptions<M>,
    prepare: () => Promise<AnswerWork<M> | { answer: MessageInitShape<M> }>,
  ): Promise<MessageShape<M>> {
    this.#refuse?.(options.method);
    const prepared = await prepare();
    if (typeof prepared !== "function") return create(options.schema, prepared.answer);
    const done = await this.#journal.write(
      async (trx) => {
        const { response, committed } = await prepared(trx);
        const message = create(options.schema, response);
        const row = key === undefined ? undefined : this.#nextId();
        if (row !== undefined) {
          const answer = [row, key, toBinary(options.schema, message)];
          await trx.executeQuery(CompiledQuery.raw(insertSql, answer));
        }
        return { message, committed, row };
      },
      ({ committed, row }) => {
        committed?.();
        if (key !== undefined && row !== undefined) this.#rows.set(key, row);
      },
    );
    return done.message;
  }

  async #answer<M extends DescMessage>(
    row: number,
    schema: M,
    takeRoom: TakeRoom | undefined,
  ): Promise<MessageShape<M>> {
    const size = await this.#db.executeQuery<{ bytes: number }>(CompiledQuery.raw(sizeSql, [row]));
    await takeRoom?.(size.rows[0]?.bytes ?? 0);
    const known = await this.#db
      .selectFrom("recent_answer")
      .select("response")
      .where("answer_id", "=", row)
      .executeTakeFirst();
    return fromBinary(schema, must(known, `the answer ${row}`).response);
  }

  #nextId(): number {
    this.#lastId = Math.max(this.#lastId + 1, this.#nowMs() * 1000);
    return this.#lastId;
  }

  async #removeSome(before: number): Promise<boolean> {
    return await this.#journal.writePatiently(async (trx) => {
      const expired = await trx
        .selectFrom("recent_answer")
        .select("answer_id")
        .where("answer_id", "<", before)
        .orderBy("answer_id")
        .limit(answersPerSlice)
        .execute();
      const last = expired.at(-1);
      if (last) await trx.deleteFrom("recent_answer").where("answer_id", "<=", last.answer_id).execute();
      return expired.length === answersPerSlice;
    });
  }

  async #forget(): Promise<void> {
    this.#marks.push(this.#lastId);
    if (this.#marks.length <= turnsRemembered) return;
    const before = (this.#marks.shift() ?? 0) + 1;
    let any = false;
    for (const [key, row] of this.#rows) {
      if (row >= before) break;
      this.#rows.delete(key);
      any = true;
    }
    if (!any) return;
    while (await this.#removeSome(before));
  }
}

/** Others write between two slices. */
const answersPerSlice = 200;

// Ready-made: it runs on every call, and building it costs more than running it.
const sizeSql = "select length(response) as bytes from recent_answer where answer_id = ?";
const insertSql = "insert into recent_answer (answer_id, key, response) values (?, ?, ?)";
