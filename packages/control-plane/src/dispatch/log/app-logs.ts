import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";
import { sleep } from "@dorian/base/sleep";
import {
  FileDescriptor,
  TaskLogsBatchSchema,
  TaskLogsSchema,
  type TaskLogs,
  type TaskLogsBatch,
} from "@dorian/protocol/modal";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import {
  countBytes,
  entriesOf,
  type LogEntry,
  newestBefore,
  newestEntry,
  oldestSince,
  removeOldest,
} from "./log-rows.ts";
import { isWithin, type TimeRange } from "./log-time.ts";

export interface AppLogsOptions {
  db: Database;
  journal: Journal;
  logger: Logger;
  nowMs: () => number;
  /** What one app may fill; the oldest lines go first. Default: 50 MB. */
  limitBytes?: number;
  /** Room on the disk: without, lines are shown but not kept, and workers hold on to theirs. Default: there is always some. */
  room?: RoomWatch | undefined;
}

/** The batch of a worker that lines came in, to know it when it is sent again. */
export interface LogOrigin {
  workerId: string;
  sequence: bigint;
}

interface AppLog {
  changed: Notifier;
  /** The newest entry that readers can find; 0 when none was added since the start. */
  last: number;
  /** The newest entry that was given; undefined until the database was asked. */
  given: number | undefined;
  /** On disk; undefined until counted. */
  bytes: number | undefined;
  /** Batches that readers cannot find yet. */
  hidden: number;
}

interface Pending {
  appId: string;
  batch: TaskLogsBatch;
  at: number;
  origin: LogOrigin | undefined;
  bytes: number;
  /** Given when it is written for the first time; it stays the same at the next try. */
  entry: number | undefined;
  /** Readers find it here, because the disk does not take it. */
  isShown: boolean;
  saved: () => void;
}

const retentionMs = 30 * 24 * 3600 * 1000;
const entriesPerSlice = 100;
/** Lines that are written together, at most. */
const bytesPerWrite = 4 * 1024 * 1024;
const retryMs = 1_000;
/** What the server itself says while the disk takes nothing. Workers keep their lines until they are told. */
const mostUnsaved = 10_000;
/**
 * Numbers that a start skips: what readers were shown of a disk's fault had some, and was perhaps never written. More than can
 * have been shown in one run, and few enough for millions of starts.
 */
const skippedAtStart = 1_000_000;

/** What the containers of each app said, in order, under numbers that readers resume from. The database has what they see. */
export class AppLogs implements AsyncDisposable {
  #options: AppLogsOptions;
  #logs = new Map<string, AppLog>();
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #closing = new AbortController();
  /** The app that was last looked at for what has expired. */
  #forgotten = "";

  constructor(options: AppLogsOptions) {
    this.#options = options;
  }

  /** Resolves when the disk has it, which is when readers see it. While the disk takes nothing, they see it before. */
  append(
    appId: string,
    source: { taskId: string; functionId: string; functionTag?: string },
    items: readonly TaskLogs[],
    origin?: LogOrigin,
  ): Promise<void> {
    if (items.length === 0 || (!origin && this.#pending.length >= mostUnsaved)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const batch = create(TaskLogsBatchSchema, { ...source, items: [...items] });
    const bytes = items.reduce((sum, item) => sum + item.data.length, 0);
    const at = this.#options.nowMs();
    this.#pending.push({ appId, batch, at, origin, bytes, entry: undefined, isShown: false, saved: resolve });
    this.#logOf(appId).hidden += 1;
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** A line of the server's own, among those of a function's containers. */
  note(appId: string, functionId: string, text: string): void {
    const line = { data: `${text}\n`, fileDescriptor: FileDescriptor.INFO };
    const item = create(TaskLogsSchema, { ...line, timestamp: this.#options.nowMs() / 1000 });
    void this.append(appId, { taskId: "", functionId }, [item]);
  }

  /** Wakes the app's readers, to look again whether it is over. */
  wake(appId: string): void {
    this.#logs.get(appId)?.changed.notify();
  }

  /** Something was said that readers do not find yet. */
  isBehind(appId: string): boolean {
    return (this.#logs.get(appId)?.hidden ?? 0) > 0;
  }

  /** Entries after `cursor`, oldest first, as many as are read at a time; empty when there is none yet. */
  async read(appId: string, cursor: number): Promise<LogEntry[]> {
    const saved = await entriesOf(this.#options.db, appId, { after: cursor, order: "asc" });
    if (saved.length > 0) return saved;
    return this.#shown(appId).filter(({ entry }) => entry > cursor);
  }

  /** Where what came in a stretch of time stands: after one entry, up to another. Undefined where nothing did. */
  async placeOf(appId: string, range: TimeRange): Promise<{ after: number; last: number } | undefined> {
    const { db } = this.#options;
    const { since, until } = range;
    const oldest = since === undefined ? 0 : await oldestSince(db, appId, since);
    const newest = until === undefined ? Infinity : await newestBefore(db, appId, until);
    return oldest === undefined || newest === undefined ? undefined : { after: oldest - 1, last: newest };
  }

  /** The newest entry that is on disk; 0 when none is. */
  newest(appId: string): Promise<number> {
    return newestEntry(this.#options.db, appId);
  }

  /** Entries before `cursor`, newest first, that came in a stretch of time. Empty when there is none left. */
  async readBack(appId: string, range: TimeRange & { cursor: number }): Promise<LogEntry[]> {
    const { db } = this.#options;
    const { since, until, cursor } = range;
    const isIn = ({ entry, at }: LogEntry) => entry < cursor && isWithin(at, range);
    const shown = this.#shown(appId).filter(isIn).toReversed();
    if (shown.length > 0) return shown;
    // The clock may have been set while the app was logging: what came at the right time need not be in one piece.
    const place = await this.placeOf(appId, range);
    if (!place) return [];
    return await entriesOf(db, appId, {
      after: place.after,
      before: Math.min(cursor, place.last + 1),
      order: "desc",
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    });
  }

  /** Resolves when there may be something after `cursor`, or after `timeoutMs`. */
  async waitFor(
    appId: string,
    cursor: number,
    options: { signal: AbortSignal; timeoutMs: number },
  ): Promise<void> {
    const log = this.#logOf(appId);
    if (log.last > cursor) return;
    await log.changed.wait(options);
  }

  /** Removes some of what is older than 30 days, app by app. False when none is left. */
  async forgetSome(): Promise<boolean> {
    const before = this.#options.nowMs() - retentionMs;
    return await this.#options.journal.write(async (trx) => {
      const { app_id } = await trx
        .selectFrom("task_log")
        .select((eb) => eb.fn.min<string | null>("app_id").as("app_id"))
        .where("app_id", ">", this.#forgotten)
        .executeTakeFirstOrThrow();
      if (app_id === null) {
        this.#forgotten = "";
        await trx.deleteFrom("worker_log").where("at", "<", before).execute();
        return false;
      }
      const ofApp = trx.selectFrom("task_log").select("entry").where("app_id", "=", app_id);
      const expired = await ofApp.where("at", "<", before).limit(entriesPerSlice).execute();
      if (expired.length < entriesPerSlice) this.#forgotten = app_id;
      const entries = expired.map((row) => row.entry);
      if (entries.length > 0)
        await trx.deleteFrom("task_log").where("app_id", "=", app_id).where("entry", "in", entries).execute();
      return true;
    });
  }

  /** Waits for what the disk takes. What it refuses, its worker sends again to the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  #logOf(appId: string): AppLog {
    const known = this.#logs.get(appId);
    if (known) return known;
    const log: AppLog = { changed: new Notifier(), last: 0, given: undefined, bytes: undefined, hidden: 0 };
    this.#logs.set(appId, log);
    return log;
  }

  #shown(appId: string): LogEntry[] {
    return this.#pending.flatMap(({ appId: of, isShown, entry, at, batch }) =>
      of === appId && isShown && entry !== undefined ? [{ entry, at, batch: numbered(batch, entry) }] : [],
    );
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#pending.length > 0) {
      const count = this.#countTogether();
      const together = this.#pending.slice(0, count);
      try {
        await this.#options.journal.write(async (trx) => {
          for (const each of together) await this.#insert(trx, each);
          // Not before: with their numbers, readers can be shown them.
          this.#options.room?.require();
        });
        this.#pending.splice(0, count);
        for (const each of together) {
          this.#show(each);
          each.saved();
        }
      } catch (error) {
        if (signal.aborted || (AppError.is(error) && error.code === "SERVER_STOPPING")) break;
        // The log knows already of a disk that is short.
        const level = this.#options.room?.isShort ? "debug" : "error";
        this.#options.logger[level]({ err: error }, "log lines could not be saved; they are tried again");
        for (const each of together) if (each.entry !== undefined) this.#show(each);
        await sleep(retryMs, { signal }).catch(() => undefined);
      }
    }
    this.#writing = undefined;
  }

  #countTogether(): number {
    let bytes = 0;
    const index = this.#pending.findIndex((each) => (bytes += each.bytes) > bytesPerWrite);
    return index === -1 ? this.#pending.length : Math.max(1, index);
  }

  #show(each: Pending): void {
    const log = this.#logOf(each.appId);
    if (!each.isShown) log.hidden -= 1;
    each.isShown = true;
    log.last = Math.max(log.last, each.entry ?? 0);
    log.changed.notify();
  }

  async #insert(trx: Transaction<Tables>, each: Pending): Promise<void> {
    const { appId, at, origin } = each;
    const log = this.#logOf(appId);
    log.given ??= await firstGiven(trx, appId);
    const entry = (each.entry ??= ++log.given);
    const batch = toBinary(TaskLogsBatchSchema, numbered(each.batch, entry));
    // Written already when only the disk's answer was an error.
    await trx
      .insertInto("task_log")
      .values({ app_id: appId, entry, at, batch })
      .onConflict((conflict) => conflict.columns(["app_id", "entry"]).doUpdateSet({ batch }))
      .execute();
    if (origin) {
      const sequence = Number(origin.sequence);
      await trx
        .insertInto("worker_log")
        .values({ worker_id: origin.workerId, sequence, at })
        .onConflict((conflict) => conflict.column("worker_id").doUpdateSet({ sequence, at }))
        .execute();
    }
    // Counted with this entry among them when the count is not known yet.
    let bytes = log.bytes === undefined ? await countBytes(trx, appId) : log.bytes + batch.byteLength;
    const limit = this.#options.limitBytes ?? 50_000_000;
    if (bytes > limit) bytes -= await removeOldest(trx, appId, { bytes: bytes - limit * 0.9, limit });
    log.bytes = bytes;
  }
}

async function firstGiven(trx: Transaction<Tables>, appId: string): Promise<number> {
  const last = await newestEntry(trx, appId);
  return last === 0 ? 0 : last + skippedAtStart;
}

function numbered(batch: TaskLogsBatch, entry: number): TaskLogsBatch {
  return { ...batch, entryId: `${entry}-0` };
}
