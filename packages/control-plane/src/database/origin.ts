import { AppError } from "@dorian/base/app-error";
import type { DatabaseSync } from "node:sqlite";
import { migrations as allMigrations } from "../schema/migrations/index.ts";
import type { KnownSchema } from "./migrate.ts";

/** The migrations that a database has seen, and the version that ran the last. */
export function migrationsIn(file: DatabaseSync): { names: string[]; version: string } {
  const rows = file.prepare("select * from kysely_migration order by name").all();
  return { names: rows.map(({ name }) => String(name)), version: String(rows.at(-1)?.["version"] ?? "") };
}

/** Throws for a database that is not this server's to change: another program's, or one that a newer version has changed. */
export function requireOurs(file: DatabaseSync, path: string, options: KnownSchema): void {
  const { version = "", migrations = allMigrations } = options;
  const names = file.prepare("select name from sqlite_master where type = 'table' order by name").all();
  const tables = names.map(({ name }) => String(name));
  const ran = tables.includes("kysely_migration")
    ? file.prepare("select * from kysely_migration order by name").all()
    : [];
  const known = Object.keys(migrations);
  const [first = ""] = known;
  const others = tables.filter((name) => !name.startsWith("kysely_migration"));
  if (others.length > 0 && !ran.some(({ name }) => name === first)) throw foreign(path, others);
  const unknown = ran.filter(({ name }) => !known.includes(String(name)));
  if (unknown.length > 0) {
    throw tooNew(path, {
      unknown: unknown.map(({ name }) => String(name)),
      newer: String(unknown.at(-1)?.["version"] ?? ""),
      version,
    });
  }
}

function foreign(path: string, tables: string[]): AppError {
  const some = tables.slice(0, 3).join(", ") + (tables.length > 3 ? ", …" : "");
  return new AppError(
    "DATABASE_FOREIGN",
    `${path} is another program's database: it has the tables ${some}.`,
    {
      remedy: "Start with another data directory, or move that file away. Nothing was changed.",
    },
  );
}

function tooNew(path: string, it: { unknown: string[]; newer: string; version: string }): AppError {
  const newer = it.newer === "" ? "a newer version of Dorian" : `version ${it.newer} of Dorian`;
  const older = it.version === "" ? "this one" : `this one, ${it.version},`;
  return new AppError(
    "DATABASE_TOO_NEW",
    `${path} was written by ${newer}: ${older} does not know its ${it.unknown.join(", ")}.`,
    {
      remedy: `Start ${it.newer === "" ? "the version that wrote it" : it.newer} or a newer one again, or this one with another data directory. Nothing was changed.`,
    },
  );
}
