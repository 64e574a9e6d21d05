import { AppError, messageOf } from "@dorian/base/app-error";
import type { ControlledTransaction, Transaction } from "kysely";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

type Work = (trx: Transaction<Tables>) => Promise<unknown>;

interface Queued {
  work: Work;
  committed: ((value: unknown) => void) | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

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
  #queue: Queued[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Runs `work`, one after the other in the order of the calls, and resolves with its result once that is durable.
   * Work that throws is undone alone; the others of its transaction are kept. It must use `trx` only, and wait for
   * nothing else. `committed` is told the result first, in the order of the works: the place to change memory.
   *
   * @throws AppError DATABASE_WRITE_FAILED when the disk refuses: nothing of the transaction is kept.
   */
  write<T>(work: (trx: Transaction<Tables>) => Promise<T>, committed?: (value: T) => void): Promise<T> {
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
      this.#flushing ??= this.#flush();
    });
  }

  /** Waits for everything queued so far. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Lets the callers of the same tick join.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      await this.#writeBatch(batch);
    }
    this.#flushing = undefined;
  }

  async #writeBatch(batch: Queued[]): Promise<void> {
    const settle: (() => void)[] = [];
    try {
      const trx = await this.#db.startTransaction().execute();
      try {
        for (const queued of batch) settle.push(await runAlone(trx, queued));
        await trx.commit().execute();
        await this.#db.flush();
      } catch (error) {
        if (!trx.isCommitted && !trx.isRolledBack) await trx.rollback().execute();
        throw error;
      }
    } catch (error) {
      const failure = writeFailed(error);
      for (const queued of batch) queued.reject(failure);
      return;
    }
    for (const each of settle) each();
  }
}

/** What to tell the caller once the whole transaction is durable. Throws only when the database itself failed. */
async function runAlone(trx: ControlledTransaction<Tables>, queued: Queued): Promise<() => void> {
  const savepoint = await trx.savepoint("work").execute();
  try {
    const value = await queued.work(savepoint);
    await savepoint.releaseSavepoint("work").execute();
    return () => succeed(queued, value);
  } catch (error) {
    await savepoint.rollbackToSavepoint("work").execute();
    await savepoint.releaseSavepoint("work").execute();
    return () => queued.reject(isStorageError(error) ? writeFailed(error) : error);
  }
}

function succeed(queued: Queued, value: unknown): void {
  try {
    queued.committed?.(value);
    queued.resolve(value);
  } catch (error) {
    queued.reject(error);
  }
}

/** SQLite's codes for a full disk, a failing one, and one that cannot be written to. */
const storageCodes = new Set([8, 10, 13, 14]);

function isStorageError(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return false;
  return storageCodes.has(error.errcode & 0xff);
}

function writeFailed(cause: unknown): AppError {
  return new AppError("DATABASE_WRITE_FAILED", `The database could not be written: ${messageOf(cause)}.`, {
    status: "UNAVAILABLE",
    remedy: "Check the free space of the data directory's disk, then try again.",
    cause,
  });
}
