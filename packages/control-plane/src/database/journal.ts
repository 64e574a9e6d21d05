import { AppError } from "@dorian/base/app-error";
import type { Transaction } from "kysely";
import type { Database } from "./database.ts";
import { inOneTransaction, type JournaledWork } from "./journaled-work.ts";
import { isFull, outcomeUnknown, UnknownOutcome, writeFailed } from "./storage-failure.ts";
import type { Tables } from "../schema/tables.ts";

export interface JournalOptions {
  /**
   * Told once when a write may be on disk or not; nothing is written or settled from then on. The process has to end: the next
   * one reads what is there. Default: an exception that nobody catches.
   */
  onBroken?: ((failure: AppError) => void) | undefined;
}

/** How long, in milliseconds, a patient write waits for others to share the wait for the disk with. */
const patienceMs = 2;

/**
 * Durable writes, many to a transaction: all work queued while one flush runs goes into the next, so that
 * concurrent writers share one wait for the disk.
 *
 * @example
 * await journal.write(async (trx) => {
 *   await trx.insertInto("environment").values(row).execute();
 * }); // on disk now
 */
export class Journal implements AsyncDisposable {
  #db: Database;
  #queue: JournaledWork[] = [];
  #flushing: Promise<void> | undefined;
  /** Somebody waits for what is queued. */
  #urgent = false;
  #patience: NodeJS.Timeout | undefined;
  #closed = false;
  /** Nobody knows what the disk holds: memory must not change any more, and nobody may be told anything. */
  #broken = false;
  #onBroken: (failure: AppError) => void;

  constructor(db: Database, options: JournalOptions = {}) {
    this.#db = db;
    this.#onBroken =
      options.onBroken ??
      ((failure) => {
        process.nextTick(() => {
          throw failure;
        });
      });
  }

  /**
   * Runs `work`, one after the other in the order of the calls, and resolves with its result once that is durable.
   * Work that throws is undone alone; the others of its transaction are kept. It must use `trx` only, and wait for
   * nothing else; on a disk that is full it is run again, with fewer others. `committed` is told the result first, in the
   * order of the works: the place to change memory.
   *
   * @throws AppError STORAGE_FULL or DATABASE_WRITE_FAILED when the disk refuses: nothing of the work is kept.
   */
  write<T>(work: (trx: Transaction<Tables>) => Promise<T>, committed?: (value: T) => void): Promise<T> {
    this.#urgent = true;
    return this.#enqueue(work, committed);
  }

  /** Does as {@link write}, for what nobody waits for: it starts a flush of its own only when no other comes along soon. */
  writePatiently<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#enqueue(work);
  }

  /** Moves what is durable in the database's log into its file. */
  async moveLog(): Promise<void> {
    try {
      await this.#db.exclusively(async () => this.#db.moveLog());
    } catch (error) {
      this.#break(error);
    }
  }

  /**
   * The database's file is not where it was: what is durable is moved into it, so that no log is left for the one in its place, and
   * from then on nothing is settled. The process has to end.
   */
  async abandon(failure: AppError): Promise<void> {
    try {
      await this.#db.exclusively(async () => this.#db.emptyLog());
    } catch {
      // What could be done for a file that is to be given up.
    }
    this.#end(failure);
  }

  /** Waits for everything queued so far. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#urgent = true;
    if (this.#queue.length > 0) this.#schedule();
    await this.#flushing;
  }

  #enqueue<T>(work: (trx: Transaction<Tables>) => Promise<T>, committed?: (value: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) {
        reject(
          new AppError("SERVER_STOPPING", "The server is stopping.", {
            status: "UNAVAILABLE",
            remedy: "Try again when it is back.",
          }),
        );
        return;
      }
      this.#queue.push({
        work,
        committed: committed as ((value: unknown) => void) | undefined,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#flushing) return;
    if (!this.#urgent) {
      this.#patience ??= setTimeout(() => {
        this.#patience = undefined;
        this.#urgent = true;
        this.#schedule();
      }, patienceMs);
      return;
    }
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#flushing = this.#flush();
  }

  async #flush(): Promise<void> {
    // Lets the callers of the same tick join.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#urgent && this.#queue.length > 0 && !this.#broken) {
      const batch = this.#queue;
      this.#queue = [];
      this.#urgent = false;
      await this.#writeBatch(batch);
    }
    if (this.#broken) return;
    this.#flushing = undefined;
    this.#urgent = false;
    if (this.#queue.length > 0) this.#schedule();
  }

  async #writeBatch(batch: JournaledWork[]): Promise<void> {
    let settle: (() => void)[];
    try {
      settle = await this.#db.exclusively((trx, connection) => inOneTransaction(batch, trx, connection));
    } catch (error) {
      if (error instanceof UnknownOutcome) this.#break(error);
      else if (isFull(error) && batch.length > 1) await this.#writeHalves(batch);
      else {
        const failure = writeFailed(error);
        for (const each of batch) each.reject(failure);
      }
      return;
    }
    try {
      await this.#db.flush();
    } catch (error) {
      // The kernel tells of it once, and takes what was not written for written: to flush again would prove nothing.
      this.#break(error);
      return;
    }
    for (const each of settle) each();
    if (this.#db.isLogLong) await this.moveLog();
  }

  #break(error: unknown): void {
    this.#end(outcomeUnknown(error));
  }

  #end(failure: AppError): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#onBroken(failure);
  }

  /** One work that needs more room than there is must not take the others along: a result is small beside an argument. */
  async #writeHalves(batch: JournaledWork[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.#writeBatch(batch.slice(0, middle));
    if (!this.#broken) await this.#writeBatch(batch.slice(middle));
  }
}
