import { AppError, messageOf } from "@dorian/base/app-error";
import { sql, type Kysely, type Transaction } from "kysely";
import type { Migration } from "kysely/migration";
import { migrations as allMigrations } from "../schema/migrations/index.ts";
import type { Tables } from "../schema/tables.ts";
import { isStorageError } from "./storage-failure.ts";

/** What this server knows of databases. */
export interface KnownSchema {
  /** This server's: what an older one that meets the database names. */
  version?: string;
  /** Default: all. */
  migrations?: Record<string, Migration>;
}

export interface MigrateOptions extends KnownSchema {
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

/**
 * Runs the migrations that the database has not seen, in the order of their names: one that came later than others of higher
 * number is run all the same. Either all of them are done or none is, whenever the process dies.
 */
export async function migrate(db: Kysely<Tables>, path: string, options: MigrateOptions): Promise<void> {
  const { version = "", nowMs, migrations = allMigrations } = options;
  await db.transaction().execute(async (trx) => {
    const seen = await namesOf(trx);
    const pending = Object.keys(migrations)
      .filter((name) => !seen.has(name))
      .toSorted();
    for (const name of pending) {
      try {
        await migrations[name]?.up(trx as never);
      } catch (error) {
        throw isStorageError(error) || error instanceof AppError ? error : failed(name, path, error);
      }
      const at = new Date(nowMs()).toISOString();
      await sql`insert into kysely_migration (name, timestamp) values (${name}, ${at})`.execute(trx);
    }
    // The column came with one of them.
    for (const name of pending)
      await sql`update kysely_migration set version = ${version} where name = ${name}`.execute(trx);
  });
}

/** What a database has seen once this version has opened it. */
export function knownMigrations(): string[] {
  return Object.keys(allMigrations);
}

async function namesOf(trx: Transaction<Tables>): Promise<Set<string>> {
  await sql`create table if not exists "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null)`.execute(
    trx,
  );
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(trx);
  return new Set(rows.map(({ name }) => name));
}

function failed(name: string, path: string, cause: unknown): AppError {
  return new AppError(
    "DATABASE_MIGRATION_FAILED",
    `${path} could not be brought to this version: ${name} ended with "${messageOf(cause)}".`,
    {
      remedy: "Start the version that wrote it again, and report this. Nothing was changed.",
      cause,
    },
  );
}
