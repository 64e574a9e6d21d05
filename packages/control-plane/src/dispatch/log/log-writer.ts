import { toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { TaskLogsBatchSchema, type TaskLogsBatch } from "@dorian/protocol/modal";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Transaction } from "kysely";
import type { Logger } from "pino";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import { countBytes, type LogEntry, newestEntry, removeOldest } from "./log-rows.ts";

export interface LogWriterOptions {
  journal: Journal;
  logger: Logger;
  /** What one app may fill; the oldest lines go first. */
  limitBytes: number;
  /** Room on the disk; undefined: there is always some. */
  room: RoomWatch | undefined;
  /** Told of each entry when readers find it. */
  onShown: (appId: string, entry: number) => void;
}

/** The batch of a worker that lines came in, to know it when it is sent again. */
export interface LogOrigin {
  workerId: string;
  sequence: bigint;
}

/** What is said at once, with whose log it belongs to. */
export interface SaidLines {
  appId: string;
  batch: TaskLogsBatch;
  at: number;
  origin: LogOrigin | undefined;
}

/** What is known of an app's log on disk. */
interface Written {
  /** The newest entry that was given; undefined until the database was asked. */
  given: number | undefined;
  /** On disk; undefined until counted. */
  bytes: number | undefined;
  /** Batches that readers cannot find yet. */
  hidden: number;
}

interface Pending extends SaidLines {
  bytes: number;
  /** Given when it is written for the first time; it stays the same at the next try. */
  entry: number | undefined;
  /** Readers find it here, because the disk does not take it. */
  isShown: boolean;
  saved: () => void;
}

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

/** Numbers what is said and writes it to disk, all apps' together, and again for as long as the disk takes nothing. */
export class LogWriter implements AsyncDisposable {
  #options: LogWriterOptions;
  #written = new Map<string, Written>();
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #closing = new AbortController();

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Resolves when the disk has it. What the server itself says is left out while too much waits for the disk. */
  append(lines: SaidLines): Promise<void> {
    const { appId, batch, origin } = lines;
    if (!origin && this.#pending.length >= mostUnsaved) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const bytes = batch.items.reduce((sum, item) => sum + item.data.length, 0);
    this.#pending.push({ ...lines, bytes, entry: undefined, isShown: false, saved: resolve });
    this.#of(appId).hidden += 1;
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** Something was said that readers do not find yet. */
  isBehind(appId: string): boolean {
    return (this.#written.get(appId)?.hidden ?? 0) > 0;
  }

  /** Entries that the disk did not take, oldest first. */
  unsaved(appId: string): LogEntry[] {
    return this.#pending.flatMap(({ appId: of, isShown, entry, at, batch }) =>
      of === appId && isShown && entry !== undefined ? [{ entry, at, batch: numbered(batch, entry) }] : [],
    );
  }

  /** Waits for what the disk takes. What it refuses, its worker sends again to the next server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  #of(appId: string): Written {
    const known = this.#written.get(appId);
    if (known) return known;
    const written: Written = { given: undefined, bytes: undefined, hidden: 0 };
    this.#written.set(appId, written);
    return written;
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
    if (!each.isShown) this.#of(each.appId).hidden -= 1;
    each.isShown = true;
    this.#options.onShown(each.appId, each.entry ?? 0);
  }

  async #insert(trx: Transaction<Tables>, each: Pending): Promise<void> {
    const { appId, at, origin } = each;
    const written = this.#of(appId);
    written.given ??= await firstGiven(trx, appId);
    const entry = (each.entry ??= ++written.given);
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
    let bytes = written.bytes === undefined ? await countBytes(trx, appId) : written.bytes + batch.byteLength;
    const { limitBytes: limit } = this.#options;
    if (bytes > limit) bytes -= await removeOldest(trx, appId, { bytes: bytes - limit * 0.9, limit });
    written.bytes = bytes;
  }
}

async function firstGiven(trx: Transaction<Tables>, appId: string): Promise<number> {
  const last = await newestEntry(trx, appId);
  return last === 0 ? 0 : last + skippedAtStart;
}

function numbered(batch: TaskLogsBatch, entry: number): TaskLogsBatch {
  return { ...batch, entryId: `${entry}-0` };
}
