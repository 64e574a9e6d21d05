import { AppError, messageOf } from "@dorian/base/app-error";
import { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { DatabaseSync } from "node:sqlite";
import { migrations } from "./migrations/index.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import type { Tables } from "./tables.ts";

/** Queries outside a transaction. Never use it inside a {@link Journal} work: that has the connection already. */
export type Database = Kysely<Tables>;

/**
 * Opens the database file, creating or upgrading it. One process at a time: the lock goes with the process.
 *
 * @throws AppError DATABASE_IN_USE, DATABASE_TOO_NEW, DATABASE_UNUSABLE
 */
export async function openDatabase(path: string): Promise<Database> {
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(openFile(path)) });
  try {
    await migrate(db, path);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

function openFile(path: string): DatabaseSync {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path);
    // Exclusive: two servers on one data directory would each believe in their own memory of it.
    file.exec("pragma locking_mode = exclusive");
    file.exec("pragma journal_mode = wal");
    // FULL: an acknowledged write survives a power cut.
    file.exec("pragma synchronous = full");
    file.exec("pragma foreign_keys = on");
    file.exec("pragma busy_timeout = 0");
    return file;
  } catch (error) {
    file?.close();
    if (messageOf(error).includes("locked")) {
      throw new AppError("DATABASE_IN_USE", `Another process is using ${path}.`, {
        remedy: "Stop the other server, or give this one a data directory of its own.",
        cause: error,
      });
    }
    throw new AppError("DATABASE_UNUSABLE", `Cannot open ${path}: ${messageOf(error)}.`, {
      remedy: "Check that the disk has space and that the directory may be written to.",
      cause: error,
    });
  }
}

async function migrate(db: Database, path: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (messageOf(error).includes("corrupted migrations")) {
    throw new AppError("DATABASE_TOO_NEW", `${path} was written by a newer version of Dorian.`, {
      remedy: "Use that version again, or start with another data directory.",
      cause: error,
    });
  }
  throw error;
}
