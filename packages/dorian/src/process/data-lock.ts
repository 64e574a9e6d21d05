import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Parts of a data directory that one process at a time may own. */
export type DataRole = "server" | "worker";

/**
 * Ownership of one role in a data directory. The kernel holds the lock and drops it when the process ends, however it
 * ends; the file with the process id beside it only tells people who holds it.
 */
export class DataLock implements Disposable {
  #database: DatabaseSync;
  #pidPath: string;

  private constructor(database: DatabaseSync, pidPath: string) {
    this.#database = database;
    this.#pidPath = pidPath;
  }

  /**
   * `supervisorPid`: of the process without which the owner does not go on.
   *
   * @throws AppError DATA_DIRECTORY_IN_USE
   */
  static acquire(
    dataDirectory: string,
    role: DataRole,
    { supervisorPid }: { supervisorPid?: number } = {},
  ): DataLock {
    const pidPath = join(dataDirectory, `${role}.pid`);
    const database = openLock(join(dataDirectory, `${role}.lock`));
    try {
      // Nothing is ever written through it: it needs no file to undo that with.
      database.exec("PRAGMA journal_mode = memory");
      database.exec("BEGIN EXCLUSIVE");
      writeFileSync(pidPath, [process.pid, supervisorPid ?? "", ""].join("\n"));
    } catch (error) {
      database.close();
      if (!messageOf(error).includes("locked")) throw error;
      throw new AppError("DATA_DIRECTORY_IN_USE", `Another Dorian ${role} uses ${dataDirectory}.`, {
        remedy: "Stop that one first, or give this one a directory of its own with --data.",
        cause: new Error(ownerText(pidPath)),
      });
    }
    return new DataLock(database, pidPath);
  }

  /** Whether no process says that it is the owner: one has just begun, or is at its end. */
  static isUnnamed(dataDirectory: string, role: DataRole): boolean {
    const { pid } = readOwner(join(dataDirectory, `${role}.pid`));
    return pid === undefined || !isAlive(pid);
  }

  /** The owner's process id, if its supervisor is gone: it is about to end. */
  static orphanHolding(dataDirectory: string, role: DataRole): number | undefined {
    const { pid, supervisorPid } = readOwner(join(dataDirectory, `${role}.pid`));
    return pid !== undefined && supervisorPid !== undefined && !isAlive(supervisorPid) ? pid : undefined;
  }

  [Symbol.dispose](): void {
    rmSync(this.#pidPath, { force: true });
    this.#database.close();
  }
}

function openLock(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw new AppError("DATA_DIRECTORY_UNUSABLE", `${path} cannot be opened: ${messageOf(error)}.`, {
      remedy: "Give a directory that this user may write to with --data.",
      cause: error,
    });
  }
}

function ownerText(pidPath: string): string {
  const { pid } = readOwner(pidPath);
  return pid !== undefined && isAlive(pid)
    ? `process ${pid} holds it`
    : "a process that does not say its id holds it";
}

function readOwner(pidPath: string): { pid?: number; supervisorPid?: number } {
  try {
    const [pid, supervisorPid] = readFileSync(pidPath, "utf8").split("\n").map(Number);
    return { ...(pid ? { pid } : {}), ...(supervisorPid ? { supervisorPid } : {}) };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
