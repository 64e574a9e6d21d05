import { LongWork } from "@dorian/base/long-work";
import { sql, type ExpressionBuilder, type Insertable, type Selectable } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import type { AuditField, AuditQuery } from "./audit-query.ts";
import type { AuditEntryRow } from "../../schema/rows/audit.ts";

/** "begun": it was not finished when the server ended. */
export type AuditStatus = "begun" | "success" | "failed" | "denied";

export type NewEntry = Omit<Insertable<AuditEntryRow>, "entry_id" | "at" | "status" | "error" | "targets"> & {
  targets: readonly string[];
};

export interface AuditSelection extends AuditQuery {
  /** Milliseconds: from when, and before when. */
  oldestMs: number;
  newestMs: number;
  /** Scope of the only environment whose entries are wanted. */
  scope: string | undefined;
}

/** Long enough to look into what happened in a quarter of a year. */
const keptMs = 90 * 24 * 60 * 60_000;
/** Some hundreds of bytes each, two thousand where somebody wants it so. */
const mostEntries = 100_000;
/** Entries that are looked through in one turn. */
const entriesAtOnce = 200;
/** Entries between two looks at what may go. */
const pruneEvery = 1_000;

/** Who did what, newest last, in the database. */
export class AuditLog {
  #db: Database;
  #journal: Journal;
  #nowMs: () => number;
  #added = 0;

  constructor(options: { db: Database; journal: Journal; nowMs: () => number }) {
    this.#db = options.db;
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
  }

  /** Durable when it resolves. */
  async begin(entry: NewEntry): Promise<number> {
    return await this.#insert(entry, { status: "begun", error: "" });
  }

  async end(
    entryId: number,
    { targets, ...rest }: { status: AuditStatus; error: string; targets: readonly string[] },
  ): Promise<void> {
    const set = { ...rest, targets: JSON.stringify(targets) };
    await this.#journal.write(async (trx) => {
      await trx.updateTable("audit_entry").set(set).where("entry_id", "=", entryId).execute();
    });
  }

  /** Writes down what is over already. */
  async note(entry: NewEntry, end: { status: AuditStatus; error: string }): Promise<void> {
    await this.#insert(entry, end);
  }

  /** Newest first, older than `before` and no older than `from`. */
  async list(
    selection: AuditSelection,
    page: { before: number | undefined; from: number | undefined; limit: number },
  ): Promise<Selectable<AuditEntryRow>[]> {
    const found: Selectable<AuditEntryRow>[] = [];
    for await (const stretch of this.#stretches(page)) {
      const query = this.#selected(selection, stretch).selectAll().orderBy("entry_id", "desc");
      found.push(...(await query.limit(page.limit - found.length).execute()));
      if (found.length >= page.limit) break;
    }
    return found;
  }

  async count(selection: AuditSelection): Promise<number> {
    let count = 0;
    for await (const stretch of this.#stretches()) {
      const query = this.#selected(selection, stretch).select((each) =>
        each.fn.countAll<number>().as("count"),
      );
      count += (await query.executeTakeFirstOrThrow()).count;
    }
    return count;
  }

  /** Ids and times of all, newest first. */
  async ids(selection: AuditSelection): Promise<{ entry_id: number; at: number }[]> {
    const found: { entry_id: number; at: number }[] = [];
    for await (const stretch of this.#stretches()) {
      const query = this.#selected(selection, stretch).select(["entry_id", "at"]).orderBy("entry_id", "desc");
      found.push(...(await query.execute()));
    }
    return found;
  }

  /** Removes what is too old, and the oldest of too many. */
  async prune(): Promise<void> {
    const before = this.#nowMs() - keptMs;
    await this.#journal.writePatiently(async (trx) => {
      await trx
        .deleteFrom("audit_entry")
        .where((each) =>
          each.or([
            each("at", "<", before),
            each(
              "entry_id",
              "<=",
              sql<number>`(select coalesce(max(entry_id), 0) from audit_entry) - ${mostEntries}`,
            ),
          ]),
        )
        .execute();
    });
  }

  async #insert(entry: NewEntry, end: { status: AuditStatus; error: string }): Promise<number> {
    const row = { ...entry, ...end, at: this.#nowMs(), targets: JSON.stringify(entry.targets) };
    const { entry_id } = await this.#journal.write(
      async (trx) =>
        await trx.insertInto("audit_entry").values(row).returning("entry_id").executeTakeFirstOrThrow(),
    );
    this.#added += 1;
    if (this.#added % pruneEvery === 0) await this.prune();
    return entry_id;
  }

  /** All entries a few at a time, newest first: to look for many words in all of them takes seconds. */
  async *#stretches(
    within: { before?: number | undefined; from?: number | undefined } = {},
  ): AsyncGenerator<Stretch> {
    const { oldest, newest } = await this.#db
      .selectFrom("audit_entry")
      .select((each) => [
        each.fn.min<number | null>("entry_id").as("oldest"),
        each.fn.max<number | null>("entry_id").as("newest"),
      ])
      .executeTakeFirstOrThrow();
    const from = Math.max(oldest ?? 0, within.from ?? 0);
    const work = new LongWork(entriesAtOnce);
    for (let before = Math.min((newest ?? 0) + 1, within.before ?? Infinity); before > from;) {
      const stretch = { from: Math.max(from, before - entriesAtOnce), before };
      yield stretch;
      before = stretch.from;
      await work.done(entriesAtOnce);
    }
  }

  #selected({ terms, oldestMs, newestMs, scope }: AuditSelection, { from, before }: Stretch) {
    let query = this.#db
      .selectFrom("audit_entry")
      .where("entry_id", ">=", from)
      .where("entry_id", "<", before)
      // The plus keeps the index of times out of it, by which all would be gone through each time.
      .where(sql`+at`, ">=", oldestMs)
      .where(sql`+at`, "<", newestMs);
    if (scope !== undefined) query = query.where("environment", "=", scope);
    for (const { field, text } of terms) {
      query = query.where((each) =>
        each.or(columnsOf(field).map((column) => matches(each, column, field, text))),
      );
    }
    return query;
  }
}

/** Entries by their numbers. */
interface Stretch {
  from: number;
  before: number;
}

type Column = "action" | "actor_id" | "actor_name" | "targets" | "status" | "address";

function columnsOf(field: AuditField | undefined): Column[] {
  switch (field) {
    case "actor":
      return ["actor_id", "actor_name"];
    case "target":
      return ["targets"];
    case undefined:
      return ["action", "actor_id", "actor_name", "targets", "status", "address"];
    default:
      return [field];
  }
}

function matches(
  each: ExpressionBuilder<Tables, "audit_entry">,
  column: Column,
  field: AuditField | undefined,
  text: string,
) {
  if (field === "target") return sql<boolean>`instr(${each.ref(column)}, ${JSON.stringify(text)}) > 0`;
  if (field !== undefined) return each(column, "=", text);
  return sql<boolean>`instr(lower(${each.ref(column)}), ${text.toLowerCase()}) > 0`;
}
