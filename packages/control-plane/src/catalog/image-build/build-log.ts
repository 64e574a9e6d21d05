import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { sleep } from "@dorian/base/sleep";
import { TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";

const linesPerRead = 500;
/** Bytes of the log that stay in memory once they are written, for those who follow the build. */
const bytesInMemory = 4 * 1024 * 1024;
const retryMs = 1_000;

export interface LogLines {
  items: TaskLogs[];
  /** Entry of the last item: where to read on. */
  entry: number;
}

/** The log of one running build: readers follow it from any point; it is written to the database as it grows. */
export class BuildLog {
  readonly changed = new Notifier();
  #imageId: string;
  #db: Database;
  #journal: Journal;
  /** Entries `#first`, `#first` + 1, …; entries count from 1. */
  #lines: TaskLogs[] = [];
  #first = 1;
  #bytes = 0;
  #written = 0;
  #writing: Promise<void> | undefined;
  #ended = new AbortController();

  constructor(options: { imageId: string; db: Database; journal: Journal }) {
    this.#imageId = options.imageId;
    this.#db = options.db;
    this.#journal = options.journal;
  }

  /** Resolves when the disk has the lines, or the build has ended without. */
  async push(items: readonly TaskLogs[]): Promise<void> {
    if (items.length === 0) return;
    this.#lines.push(...items);
    for (const item of items) this.#bytes += item.data.length;
    this.changed.notify();
    const { last } = this;
    while (this.#written < last && !this.#ended.signal.aborted) {
      this.#writing ??= this.#writeOrPause();
      await this.#writing;
    }
  }

  /** The newest entry; 0 for none. */
  get last(): number {
    return this.#first + this.#lines.length - 1;
  }

  /** Up to 500 lines after an entry. */
  async after(entry: number): Promise<LogLines> {
    if (entry + 1 < this.#first) return await readBuildLog(this.#db, this.#imageId, entry);
    const begin = entry + 1 - this.#first;
    const items = this.#lines.slice(begin, begin + linesPerRead);
    return { items, entry: entry + items.length };
  }

  /** Writes what is not written yet. Nothing follows. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#writing;
    await this.#write();
  }

  async #writeOrPause(): Promise<void> {
    try {
      await this.#write();
    } catch {
      // Tried again: `finish` reports what cannot be written at all.
      await sleep(retryMs, { signal: this.#ended.signal }).catch(() => undefined);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(): Promise<void> {
    const { last } = this;
    const isFirst = this.#written === 0;
    const rows = this.#lines.slice(this.#written + 1 - this.#first).map((log, index) => ({
      image_id: this.#imageId,
      entry: this.#written + 1 + index,
      log: toBinary(TaskLogsSchema, log),
    }));
    if (rows.length === 0) return;
    await this.#journal.write(async (trx) => {
      // An image whose layers were lost is built under its id again.
      if (isFirst) await trx.deleteFrom("image_log").where("image_id", "=", this.#imageId).execute();
      for (const row of rows) await trx.insertInto("image_log").values(row).execute();
    });
    this.#written = last;
    while (this.#bytes > bytesInMemory && this.#first <= this.#written) {
      this.#bytes -= this.#lines.shift()?.data.length ?? 0;
      this.#first += 1;
    }
  }
}

/** Up to 500 lines of a build's log after an entry, from the database. */
export async function readBuildLog(db: Database, imageId: string, entry: number): Promise<LogLines> {
  const rows = await db
    .selectFrom("image_log")
    .select(["entry", "log"])
    .where("image_id", "=", imageId)
    .where("entry", ">", entry)
    .orderBy("entry")
    .limit(linesPerRead)
    .execute();
  return {
    items: rows.map((row) => fromBinary(TaskLogsSchema, row.log)),
    entry: rows.at(-1)?.entry ?? entry,
  };
}
