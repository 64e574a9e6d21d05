import { errnoOf } from "@dorian/base/app-error";
import { wallClockMs } from "@dorian/base/wall-clock";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { DummyDriver, Kysely, Transaction, type ConnectionProvider, type Dialect } from "kysely";
import { open, type FileHandle } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { isFull, isStorageError, writeFailed } from "./storage-failure.ts";
import { migrate, type MigrateOptions } from "./migrate.ts";
import { openFile } from "./open-file.ts";
import { nodeSqliteDialect, type NodeSqliteConnection } from "./node-sqlite-dialect.ts";
import type { Tables } from "../schema/tables.ts";

/** Queries outside a transaction. Never use it inside a {@link Journal} work: that has the connection already. */
export type Database = Kysely<Tables> & {
  /** Resolves when everything committed so far is on disk. Nothing else waits meanwhile. */
  flush(): Promise<void>;
  /** Whether the log is long enough to be moved into the file. */
  readonly isLogLong: boolean;
  /**
   * Moves the log into the file; nobody may have the connection. Throws when the disk fails: SQLite, which would do it by
   * itself at a commit, tells nobody, and writes over a log whose content may be nowhere else.
   */
  moveLog(): void;
  /** Moves all of the log into the file and leaves none of it; nobody may have the connection. */
  emptyLog(): void;
  /** Makes `target` a copy of what is committed, and brings it to disk. Others write meanwhile; what they do is in it. */
  copyTo(target: string): Promise<void>;
  /** Runs `work` with the connection to itself: it says on it where its transaction and savepoints begin and end. */
  exclusively<T>(work: (trx: Transaction<Tables>, connection: ExclusiveConnection) => Promise<T>): Promise<T>;
};

export type ExclusiveConnection = Pick<NodeSqliteConnection, "run" | "rollback" | "inTransaction">;

/**
 * Opens the database file, creating or upgrading it. One process at a time: the lock goes with the process.
 *
 * @throws AppError DATABASE_IN_USE, DATABASE_TOO_NEW, DATABASE_UNUSABLE, DATABASE_DAMAGED, DATABASE_FOREIGN,
 *   DATABASE_MIGRATION_FAILED
 */
export async function openDatabase(path: string, options: Partial<MigrateOptions> = {}): Promise<Database> {
  const file = openFile(path, options);
  const dialect = nodeSqliteDialect(file);
  const db = extend(new Kysely<Tables>({ dialect }), { dialect, file, path });
  try {
    await migrate(db, path, { nowMs: wallClockMs, ...options });
    await reserveLog(`${path}-wal`);
    await db.flush();
    return db;
  } catch (error) {
    await db.destroy();
    throw isStorageError(error) ? writeFailed(error) : error;
  }
}

function extend(
  db: Kysely<Tables>,
  options: { dialect: Dialect; file: DatabaseSync; path: string },
): Database {
  const { dialect, file, path } = options;
  // SQLite knows "noop" since 3.51, which Node 24.21 is above: an older one would move the log at each question.
  const logLength = file.prepare("pragma wal_checkpoint(noop)");
  let log: FileHandle | undefined;
  const destroy = db.destroy.bind(db);
  const members = {
    async flush() {
      // SQLite makes the log at its first write: before that there is nothing to bring to disk.
      log ??= await unlessAbsent(open(`${path}-wal`, "r"));
      await log?.datasync();
    },
    get isLogLong() {
      if (!file.isOpen) return false;
      const { log: pages, checkpointed } = logLength.get() ?? {};
      return Number(pages) - Number(checkpointed) >= logPages;
    },
    moveLog() {
      try {
        file.exec("pragma wal_checkpoint(passive)");
      } catch (error) {
        // It is tried again after the next commit.
        if (!isFull(error)) throw error;
      }
    },
    emptyLog() {
      file.exec("pragma wal_checkpoint(truncate)");
    },
    copyTo: (target: string) => copyDatabase(file, target),
    exclusively<T>(
      work: (trx: Transaction<Tables>, connection: ExclusiveConnection) => Promise<T>,
    ): Promise<T> {
      const executor = db.getExecutor();
      return executor.provideConnection(async (held) => {
        const connection = held as NodeSqliteConnection;
        // Kysely's own transactions cost several times what SQLite takes for a small one.
        const provider: ConnectionProvider = { provideConnection: (consumer) => consumer(connection) };
        const trx = new Transaction<Tables>({
          config: { dialect },
          dialect,
          driver: new DummyDriver(),
          executor: executor.withConnectionProvider(provider),
        });
        return work(trx, connection);
      });
    },
    async destroy() {
      await destroy();
      await log?.close();
      log = undefined;
    },
  };
  // Not `assign`, which would ask whether the log is long once and for all.
  return Object.defineProperties(db, Object.getOwnPropertyDescriptors(members)) as typeof db & typeof members;
}

/** A few milliseconds' worth: nobody can write while they are copied. */
const pagesAtOnce = 500;

/** Makes `target` a copy of an open database, which may be written to meanwhile by its own connection, and brings it to disk. */
export async function copyDatabase(file: DatabaseSync, target: string): Promise<void> {
  await backup(file, target, { rate: pagesAtOnce });
  // One file that any reader can open, without a log beside it.
  using copy = new DatabaseSync(target);
  copy.exec("pragma journal_mode = delete");
  await using handle = await open(target, "r+");
  await handle.sync();
}

/**
 * Makes the log's file as long as it is going to be. Flushing what was written over costs half as much as flushing what made a
 * file longer, and waits for no other file's flush.
 */
async function reserveLog(path: string): Promise<void> {
  await using log = await unlessAbsent(open(path, "r+"));
  if (!log) return;
  const { size } = await log.stat();
  const zeros = Buffer.alloc(1024 * 1024);
  try {
    for (let at = size; at < logBytes; at += zeros.length)
      await log.write(zeros, 0, Math.min(zeros.length, logBytes - at), at);
  } catch (error) {
    // A full disk is no reason not to start: starting may be how its owner makes room.
    if (errnoOf(error) !== "ENOSPC") throw error;
    await log.truncate(size);
  }
}

/** Moving the log into the file stops the process for milliseconds, so it does not happen often. */
const logPages = 2000;
/** A page of 4 KiB and its header in the log, and room for the transaction that fills it. */
const logBytes = (logPages + 200) * (4096 + 24);
