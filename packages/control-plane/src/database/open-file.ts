import { AppError, messageOf } from "@dorian/base/app-error";
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { KnownSchema } from "./migrate.ts";
import { requireOurs } from "./origin.ts";
import { damaged, isDamage } from "./storage-failure.ts";

/** Opens the file for this process alone; one that is not for this server stays as it is. */
export function openFile(path: string, options: KnownSchema): DatabaseSync {
  let file: DatabaseSync | undefined;
  try {
    // Before SQLite makes it: calls' arguments and results are their owner's affair.
    closeSync(openSync(path, "a", 0o600));
    file = new DatabaseSync(path);
    // Exclusive: two servers on one data directory would each believe in their own memory of it.
    file.exec("pragma locking_mode = exclusive");
    file.exec("pragma busy_timeout = 0");
    // Before the first pragma that writes.
    requireOurs(file, path, options);
    file.exec("pragma journal_mode = wal");
    // Commits only append to the write-ahead log; `flush` brings it to disk without stopping the process meanwhile.
    file.exec("pragma synchronous = normal");
    file.exec("pragma wal_autocheckpoint = 0");
    // Savepoints and sorts need no file: there might be no room for one, on whatever disk they would be.
    file.exec("pragma temp_store = memory");
    file.exec("pragma foreign_keys = on");
    return file;
  } catch (error) {
    file?.close();
    throw error instanceof AppError ? error : cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): AppError {
  if (messageOf(cause).includes("locked")) {
    return new AppError("DATABASE_IN_USE", `Another process is using ${path}.`, {
      remedy: "Stop the other server, or give this one a data directory of its own.",
      cause,
    });
  }
  if (isDamage(cause)) return damaged(`${path} is damaged, or no database`, cause);
  return new AppError("DATABASE_UNUSABLE", `Cannot open ${path}: ${messageOf(cause)}.`, {
    remedy: "Check that the disk has space and that the directory may be written to.",
    cause,
  });
}
