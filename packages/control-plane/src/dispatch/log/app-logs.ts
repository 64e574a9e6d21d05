import { create } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { FileDescriptor, TaskLogsBatchSchema, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { entriesOf, type LogEntry, newestBefore, newestEntry, oldestSince } from "./log-rows.ts";
import { isWithin, type TimeRange } from "./log-time.ts";
import { LogWriter, type LogOrigin } from "./log-writer.ts";

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

/** An app's log as its readers know it. */
interface AppLog {
  changed: Notifier;
  /** The newest entry that readers can find; 0 when none was added since the start. */
  last: number;
}

/** What the containers of each app said, in order, under numbers that readers resume from. The database has what they see. */
export class AppLogs implements AsyncDisposable {
  #options: AppLogsOptions;
  #logs = new Map<string, AppLog>();
  #writer: LogWriter;

  constructor(options: AppLogsOptions) {
    this.#options = options;
    const { journal, logger, room, limitBytes = 50_000_000 } = options;
    this.#writer = new LogWriter({
      journal,
      logger,
      limitBytes,
      room,
      onShown: (appId, entry) => {
        const log = this.#logOf(appId);
        log.last = Math.max(log.last, entry);
        log.changed.notify();
      },
    });
  }

  /** Resolves when the disk has it, which is when readers see it. While the disk takes nothing, they see it before. */
  append(
    appId: string,
    source: { taskId: string; functionId: string; functionTag?: string },
    items: readonly TaskLogs[],
    origin?: LogOrigin,
  ): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    const batch = create(TaskLogsBatchSchema, { ...source, items: [...items] });
    return this.#writer.append({ appId, batch, at: this.#options.nowMs(), origin });
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
    return this.#writer.isBehind(appId);
  }

  /** Entries after `cursor`, oldest first, as many as are read at a time; empty when there is none yet. */
  async read(appId: string, cursor: number): Promise<LogEntry[]> {
    const saved = await entriesOf(this.#options.db, appId, { after: cursor, order: "asc" });
    if (saved.length > 0) return saved;
    return this.#writer.unsaved(appId).filter(({ entry }) => entry > cursor);
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
    const shown = this.#writer.unsaved(appId).filter(isIn).toReversed();
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

  /** Waits for what the disk takes. What it refuses, its worker sends again to the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  #logOf(appId: string): AppLog {
    const known = this.#logs.get(appId);
    if (known) return known;
    const log: AppLog = { changed: new Notifier(), last: 0 };
    this.#logs.set(appId, log);
    return log;
  }
}
