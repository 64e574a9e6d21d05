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
  environment: string | undefined;
}

/** Long enough to look into what happened in a quarter of a year. */
const keptMs = 90 * 24 * 60 * 60_000;
/** A few hundred bytes each: some tens of megabytes at most. */
const mostEntries = 100_000;
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
    let query = this.#selected(selection).selectAll().orderBy("entry_id", "desc").limit(page.limit);
    if (page.before !== undefined) query = query.where("entry_id", "<", page.before);
    if (page.from !== undefined) query = query.where("entry_id", ">=", page.from);
    return await query.execute();
  }

  async count(selection: AuditSelection): Promise<number> {
    const row = await this.#selected(selection)
      .select((each) => each.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return row.count;
  }

  /** Ids and times of all, newest first. */
  async ids(selection: AuditSelection): Promise<{ entry_id: number; at: number }[]> {
    return await this.#selected(selection).select(["entry_id", "at"]).orderBy("entry_id", "desc").execute();
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

  #selected({ terms, oldestMs, newestMs, environment }: AuditSelection) {
    let query = this.#db.selectFrom("audit_entry").where("at", ">=", oldestMs).where("at", "<", newestMs);
    if (environment !== undefined) query = query.where("environment", "=", environment);
    for (const { field, text } of terms) {
      query = query.where((each) =>
        each.or(columnsOf(field).map((column) => matches(each, column, field, text))),
      );
    }
    return query;
  }
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
