import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Notifier } from "@dorian/base/notifier";
import { TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";

const linesPerRead = 500;
const linesInMemory = 5000;
const writeAfterMs = 300;

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
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { imageId: string; db: Database; journal: Journal }) {
    this.#imageId = options.imageId;
    this.#db = options.db;
    this.#journal = options.journal;
  }

  push(items: readonly TaskLogs[]): void {
    if (items.length === 0) return;
    this.#lines.push(...items);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // What cannot be written now is tried again by the flush at the end, which reports it.
      this.#writing = this.#writing.then(() => this.#write()).catch(() => undefined);
    }, writeAfterMs);
    this.changed.notify();
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

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { last } = this;
    const rows = this.#lines.slice(this.#written + 1 - this.#first).map((log, index) => ({
      image_id: this.#imageId,
      entry: this.#written + 1 + index,
      log: toBinary(TaskLogsSchema, log),
    }));
    if (rows.length === 0) return;
    await this.#journal.write(async (trx) => {
      for (const row of rows) await trx.insertInto("image_log").values(row).execute();
    });
    this.#written = last;
    const surplus = Math.min(this.#lines.length - linesInMemory, this.#written + 1 - this.#first);
    if (surplus > 0) {
      this.#lines.splice(0, surplus);
      this.#first += surplus;
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
