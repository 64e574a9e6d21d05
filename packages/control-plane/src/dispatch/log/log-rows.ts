import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptor, TaskLogsBatchSchema, type TaskLogsBatch } from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";

export interface LogEntry {
  entry: number;
  /** When it came, in milliseconds since 1970. */
  at: number;
  batch: TaskLogsBatch;
}

/** Entries that are read at a time, at most. */
const entriesPerPage = 200;
/** And their bytes, unless the first one alone has more. */
const bytesPerPage = 1024 * 1024;

export interface RowRange {
  after: number;
  before?: number;
  since?: number;
  until?: number;
  order: "asc" | "desc";
}

/** A page of an app's entries. */
export async function entriesOf(db: Database, appId: string, range: RowRange): Promise<LogEntry[]> {
  const { after, before = Infinity, since, until, order } = range;
  let query = db
    .selectFrom("task_log")
    .select(["entry", "at", (eb) => eb.fn<number>("length", ["batch"]).as("bytes")])
    .where("app_id", "=", appId)
    .where("entry", ">", after);
  if (before !== Infinity) query = query.where("entry", "<", before);
  if (since !== undefined) query = query.where("at", ">=", since);
  if (until !== undefined) query = query.where("at", "<", until);
  const found = await query.orderBy("entry", order).limit(entriesPerPage).execute();
  let bytes = 0;
  const full = found.findIndex((row) => (bytes += row.bytes) > bytesPerPage);
  const page = full === -1 ? found : found.slice(0, Math.max(1, full));
  if (page.length === 0) return [];
  const rows = await db
    .selectFrom("task_log")
    .select(["entry", "at", "batch"])
    .where("app_id", "=", appId)
    .where(
      "entry",
      "in",
      page.map((row) => row.entry),
    )
    .orderBy("entry", order)
    .execute();
  return rows.map(({ entry, at, batch }) => ({ entry, at, batch: fromBinary(TaskLogsBatchSchema, batch) }));
}

/** The oldest entry that came at a time or after it. */
export async function oldestSince(db: Database, appId: string, at: number): Promise<number | undefined> {
  const row = await db
    .selectFrom("task_log")
    .select((eb) => eb.fn.min<number | null>("entry").as("entry"))
    .where("app_id", "=", appId)
    .where("at", ">=", at)
    .executeTakeFirst();
  return row?.entry ?? undefined;
}

/** The newest entry that came before a time. */
export async function newestBefore(db: Database, appId: string, at: number): Promise<number | undefined> {
  const row = await db
    .selectFrom("task_log")
    .select((eb) => eb.fn.max<number | null>("entry").as("entry"))
    .where("app_id", "=", appId)
    .where("at", "<", at)
    .executeTakeFirst();
  return row?.entry ?? undefined;
}

/** 0 when there is none. */
export async function newestEntry(db: Database | Transaction<Tables>, appId: string): Promise<number> {
  const row = await db
    .selectFrom("task_log")
    .select((eb) => eb.fn.max<number | null>("entry").as("last"))
    .where("app_id", "=", appId)
    .executeTakeFirstOrThrow();
  return row.last ?? 0;
}

export async function countBytes(trx: Transaction<Tables>, appId: string): Promise<number> {
  const row = await trx
    .selectFrom("task_log")
    .select((eb) => eb.fn.sum<number | null>(eb.fn("length", ["batch"])).as("bytes"))
    .where("app_id", "=", appId)
    .executeTakeFirst();
  return row?.bytes ?? 0;
}

/** Removes at least `bytes` of an app's oldest entries, and says so in the place of the last; returns how many were removed. */
export async function removeOldest(
  trx: Transaction<Tables>,
  appId: string,
  { bytes, limit }: { bytes: number; limit: number },
): Promise<number> {
  let removed = 0;
  for (let before = -1; removed < bytes && removed > before;) {
    before = removed;
    const rows = await trx
      .selectFrom("task_log")
      .select(["entry", (eb) => eb.fn<number>("length", ["batch"]).as("bytes")])
      .where("app_id", "=", appId)
      .orderBy("entry")
      .limit(1_000)
      .execute();
    let newest: number | undefined;
    for (const row of rows) {
      if (removed >= bytes) break;
      removed += row.bytes;
      newest = row.entry;
    }
    if (newest === undefined) break;
    const note = toBinary(TaskLogsBatchSchema, removedNote(newest, limit));
    await trx.deleteFrom("task_log").where("app_id", "=", appId).where("entry", "<", newest).execute();
    await trx
      .updateTable("task_log")
      .set({ batch: note })
      .where("app_id", "=", appId)
      .where("entry", "=", newest)
      .execute();
    removed -= note.byteLength;
  }
  return removed;
}

function removedNote(entry: number, limit: number): TaskLogsBatch {
  const data = `Older lines were removed here: the log of an app keeps ${Math.round(limit / 1_000_000)} MB.\n`;
  return create(TaskLogsBatchSchema, {
    items: [{ data, fileDescriptor: FileDescriptor.INFO }],
    entryId: `${entry}-0`,
  });
}
