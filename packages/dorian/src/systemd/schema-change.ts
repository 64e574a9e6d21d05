import { AppError } from "@dorian/base/app-error";
import { knownMigrations } from "@dorian/control-plane/database/migrate";
import { migrationsIn } from "@dorian/control-plane/database/origin";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { stateFile } from "../backup/backup-places.ts";
import type { ServerState } from "./service-readiness.ts";

/** What another version does to a database. */
export interface SchemaChange {
  /** Version of the server that has the database, or had it last; "" when it did not say. */
  from: string;
  /** Migrations that it will see: afterwards the version of before cannot open it. */
  pending: string[];
}

/**
 * Compares this version with the database of a running server, as it says, or of a stopped one, as it is.
 *
 * @throws AppError DATABASE_TOO_NEW
 */
export function schemaChange(
  dataDirectory: string,
  options: { version: string; running: ServerState | undefined },
): SchemaChange {
  const { running, version } = options;
  const seen = running
    ? { names: running.info.migrations, version: running.info.version }
    : stopped(dataDirectory);
  const known = knownMigrations();
  const unknown = seen.names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new AppError(
      "DATABASE_TOO_NEW",
      `The database is of version ${seen.version}: this one, ${version}, does not know its ${unknown.join(", ")}.`,
      {
        remedy: `Install ${seen.version} or a newer one again; or restore a backup that ${version} made to an empty data directory. Nothing was changed.`,
      },
    );
  }
  return { from: seen.version, pending: known.filter((name) => !seen.names.includes(name)) };
}

function stopped(dataDirectory: string): { names: string[]; version: string } {
  const path = join(dataDirectory, stateFile);
  if (!existsSync(path)) return { names: [], version: "" };
  using file = new DatabaseSync(path);
  return migrationsIn(file);
}
