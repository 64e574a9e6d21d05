import { SharedWork } from "@dorian/base/shared-work";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { CallContext } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { Database } from "./database.ts";
import type { Journal } from "./journal.ts";
import type { Tables } from "../schema/tables.ts";

export interface OnceOptions<M extends DescMessage> {
  method: string;
  /** What the response is. */
  schema: M;
}

/** What a call that must not run twice did: its answer, and what to do in memory once it is durable. */
export interface Done<M extends DescMessage> {
  response: MessageInitShape<M>;
  committed?: () => void;
}

export interface IdempotencyOptions {
  db: Database;
  journal: Journal;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** May throw before a method is run. That is not remembered, and repetitions of what was done never meet it. */
  refuse?: (method: string) => void;
}

type Work<M extends DescMessage> = (trx: Transaction<Tables>) => Promise<Done<M>>;

/**
 * Runs each logical call once: a retry, which carries the same key, gets the first one's answer, also after a restart
 * of the server. The answer is written in the transaction of the work itself.
 */
export class Idempotency {
  #db: Database;
  #journal: Journal;
  #nowMs: () => number;
  #refuse: ((method: string) => void) | undefined;
  #running = new SharedWork<string, unknown>();

  constructor(options: IdempotencyOptions) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
    this.#refuse = options.refuse;
  }

  /** `work` runs inside a journal write; see {@link Journal.write}. A failed call may be tried again with its key. */
  once<M extends DescMessage>(
    context: CallContext,
    options: OnceOptions<M>,
    work: Work<M>,
  ): Promise<MessageShape<M>> {
    return this.onceAfter(context, options, async () => work);
  }

  /** Does as {@link once}, for work that first needs something done outside the transaction. */
  async onceAfter<M extends DescMessage>(
    context: CallContext,
    options: OnceOptions<M>,
    prepare: () => Promise<Work<M>>,
  ): Promise<MessageShape<M>> {
    const key = keyOf(context, options.method);
    if (key === undefined) return await this.#run(undefined, options, prepare);
    // The method is a part of the key.
    return (await this.#running.run(key, () => this.#lookupOrRun(key, options, prepare))) as MessageShape<M>;
  }

  /** Forgets answers older than `olderThanMs`: no client retries for so long. */
  async forget(options: { now: number; olderThanMs: number }): Promise<void> {
    const before = options.now - options.olderThanMs;
    await this.#journal.write(async (trx) => {
      await trx.deleteFrom("idempotency").where("created_at", "<", before).execute();
    });
  }

  async #lookupOrRun<M extends DescMessage>(
    key: string,
    options: OnceOptions<M>,
    prepare: () => Promise<Work<M>>,
  ): Promise<MessageShape<M>> {
    const known = await this.#db
      .selectFrom("idempotency")
      .select("response")
      .where("key", "=", key)
      .executeTakeFirst();
    if (known) return fromBinary(options.schema, known.response);
    return await this.#run(key, options, prepare);
  }

  async #run<M extends DescMessage>(
    key: string | undefined,
    options: OnceOptions<M>,
    prepare: () => Promise<Work<M>>,
  ): Promise<MessageShape<M>> {
    this.#refuse?.(options.method);
    const work = await prepare();
    const done = await this.#journal.write(
      async (trx) => {
        const { response, committed } = await work(trx);
        const message = create(options.schema, response);
        if (key !== undefined) {
          const row = { key, response: toBinary(options.schema, message), created_at: this.#nowMs() };
          await trx.insertInto("idempotency").values(row).execute();
        }
        return { message, committed };
      },
      ({ committed }) => committed?.(),
    );
    return done.message;
  }
}

/** What tells a logical call from all others; undefined when its caller gave it no key. */
export function keyOf(context: CallContext, method: string): string | undefined {
  if (context.idempotencyKey === "") return undefined;
  const { identity } = context;
  const caller =
    identity.kind === "client"
      ? identity.tokenId
      : identity.kind === "task"
        ? identity.taskId
        : identity.kind;
  return `${caller}/${method}/${context.idempotencyKey}`;
}
