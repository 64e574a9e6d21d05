import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { TaskLogsBatchSchema, type TaskLogs, type TaskLogsBatch } from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import type { Tables } from "../database/tables.ts";

export interface AppLogsOptions {
  db: Database;
  journal: Journal;
  logger: Logger;
  nowMs: () => number;
  /** Of one app; the oldest go first. Default: 50 MB. */
  limitBytes?: number;
}

export interface LogEntry {
  entry: number;
  batch: TaskLogsBatch;
}

interface AppLog {
  changed: Notifier;
  /** Newest, oldest first. Everything after `floor` is here. */
  recent: RecentEntry[];
  floor: number;
  last: number;
  /** On disk; undefined until counted. */
  bytes: number | undefined;
}

interface RecentEntry extends LogEntry {
  saved: boolean;
}

const recentKept = 1_000;
const retentionMs = 30 * 24 * 3600 * 1000;
const entriesPerSlice = 100;

/** What the containers of each app said, in order, under numbers that readers resume from. */
export class AppLogs {
  #options: AppLogsOptions;
  #logs = new Map<string, AppLog>();
  #unsaved: { appId: string; entry: RecentEntry }[] = [];
  /** The app that was last looked at for what has expired. */
  #forgotten = "";

  constructor(options: AppLogsOptions) {
    this.#options = options;
  }

  /** Readers get it at once, the disk soon after. */
  append(appId: string, source: { taskId: string; functionId: string }, items: readonly TaskLogs[]): void {
    if (items.length === 0) return;
    const log = this.#logOf(appId);
    // Numbers follow the clock: they also grow across a restart that forgot the newest.
    log.last = Math.max(log.last + 1, this.#options.nowMs() * 1000);
    const batch = create(TaskLogsBatchSchema, { ...source, items: [...items], entryId: `${log.last}-0` });
    const entry = { entry: log.last, batch, saved: false };
    log.recent.push(entry);
    this.#save(appId, entry);
    log.changed.notify();
  }

  /** Wakes the app's readers, to look again whether it is over. */
  wake(appId: string): void {
    this.#logs.get(appId)?.changed.notify();
  }

  /** Entries after `cursor`, oldest first; empty when there is none yet. */
  async read(appId: string, cursor: number, limit: number): Promise<LogEntry[]> {
    const log = this.#logOf(appId);
    if (cursor < log.floor) {
      const rows = await this.#options.db
        .selectFrom("task_log")
        .select(["entry", "batch"])
        .where("app_id", "=", appId)
        .where("entry", ">", cursor)
        .orderBy("entry")
        .limit(limit)
        .execute();
      if (rows.length > 0)
        return rows.map((row) => ({ entry: row.entry, batch: fromBinary(TaskLogsBatchSchema, row.batch) }));
    }
    const from = log.recent.findIndex((each) => each.entry > cursor);
    return from === -1 ? [] : log.recent.slice(from, from + limit);
  }

  /** Entries from `since` on and before `until`, newest first. */
  async readBack(appId: string, range: { since: number; until: number; limit: number }): Promise<LogEntry[]> {
    const { since, until, limit } = range;
    const log = this.#logOf(appId);
    const newest: LogEntry[] = log.recent
      .filter(({ entry }) => entry > log.floor && entry >= since && entry < until)
      .toReversed()
      .slice(0, limit);
    if (newest.length === limit) return newest;
    const rows = await this.#options.db
      .selectFrom("task_log")
      .select(["entry", "batch"])
      .where("app_id", "=", appId)
      .where("entry", ">=", since)
      .where("entry", "<", Math.min(until, log.floor + 1))
      .orderBy("entry", "desc")
      .limit(limit - newest.length)
      .execute();
    const older = rows.map((row) => ({
      entry: row.entry,
      batch: fromBinary(TaskLogsBatchSchema, row.batch),
    }));
    return [...newest, ...older];
  }

  /** Resolves when there may be something after `cursor`, or after `timeoutMs`. */
  async waitFor(
    appId: string,
    cursor: number,
    options: { signal: AbortSignal; timeoutMs: number },
  ): Promise<void> {
    const log = this.#logOf(appId);
    if ((log.recent.at(-1)?.entry ?? 0) > cursor) return;
    await log.changed.wait(options);
  }

  /** Removes some of what is older than 30 days, app by app. False when none is left. */
  async forgetSome(): Promise<boolean> {
    const before = (this.#options.nowMs() - retentionMs) * 1000;
    return await this.#options.journal.write(async (trx) => {
      const { app_id } = await trx
        .selectFrom("task_log")
        .select((eb) => eb.fn.min<string | null>("app_id").as("app_id"))
        .where("app_id", ">", this.#forgotten)
        .executeTakeFirstOrThrow();
      if (app_id === null) {
        this.#forgotten = "";
        return false;
      }
      const ofApp = trx.selectFrom("task_log").select("entry").where("app_id", "=", app_id);
      const expired = await ofApp.where("entry", "<", before).limit(entriesPerSlice).execute();
      if (expired.length < entriesPerSlice) this.#forgotten = app_id;
      const entries = expired.map((row) => row.entry);
      if (entries.length > 0)
        await trx.deleteFrom("task_log").where("app_id", "=", app_id).where("entry", "in", entries).execute();
      return true;
    });
  }

  #logOf(appId: string): AppLog {
    const known = this.#logs.get(appId);
    if (known) return known;
    const floor = this.#options.nowMs() * 1000;
    const log: AppLog = { changed: new Notifier(), recent: [], floor, last: floor, bytes: undefined };
    this.#logs.set(appId, log);
    return log;
  }

  #save(appId: string, entry: RecentEntry): void {
    this.#unsaved.push({ appId, entry });
    if (this.#unsaved.length > 1) return;
    const { journal, logger } = this.#options;
    let written: { appId: string; entry: RecentEntry }[] = [];
    journal
      .write(async (trx) => {
        written = this.#unsaved;
        this.#unsaved = [];
        for (const each of written) await this.#insert(trx, each.appId, each.entry);
      })
      .then(
        () => {
          for (const each of written) each.entry.saved = true;
          for (const appId of new Set(written.map((each) => each.appId))) this.#trimMemory(appId);
        },
        (error: unknown) => {
          this.#unsaved = [];
          logger.error({ err: error }, "log lines could not be saved");
        },
      );
  }

  async #insert(trx: Transaction<Tables>, appId: string, entry: LogEntry): Promise<void> {
    const log = this.#logOf(appId);
    const batch = toBinary(TaskLogsBatchSchema, entry.batch);
    await trx.insertInto("task_log").values({ app_id: appId, entry: entry.entry, batch }).execute();
    // Counted with this entry among them when the count is not known yet.
    let bytes = log.bytes === undefined ? await countBytes(trx, appId) : log.bytes + batch.byteLength;
    const limit = this.#options.limitBytes ?? 50_000_000;
    if (bytes > limit) bytes -= await removeOldest(trx, appId, bytes - limit * 0.9);
    log.bytes = bytes;
  }

  #trimMemory(appId: string): void {
    const log = this.#logOf(appId);
    const surplus = log.recent.length - recentKept;
    if (surplus < recentKept) return;
    const firstUnsaved = log.recent.findIndex((each) => !each.saved);
    const dropped = log.recent.splice(0, firstUnsaved === -1 ? surplus : Math.min(surplus, firstUnsaved));
    log.floor = dropped.at(-1)?.entry ?? log.floor;
  }
}

async function countBytes(trx: Transaction<Tables>, appId: string): Promise<number> {
  const row = await trx
    .selectFrom("task_log")
    .select((eb) => eb.fn.sum<number | null>(eb.fn("length", ["batch"])).as("bytes"))
    .where("app_id", "=", appId)
    .executeTakeFirst();
  return row?.bytes ?? 0;
}

/** Removes at least `bytes` of an app's oldest entries; returns how many were removed. */
async function removeOldest(trx: Transaction<Tables>, appId: string, bytes: number): Promise<number> {
  let removed = 0;
  while (removed < bytes) {
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
    await trx.deleteFrom("task_log").where("app_id", "=", appId).where("entry", "<=", newest).execute();
  }
  return removed;
}
