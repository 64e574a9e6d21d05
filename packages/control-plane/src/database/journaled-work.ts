import type { Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";
import type { ExclusiveConnection } from "./database.ts";
import { isFull, isStorageError, UnknownOutcome, writeFailed } from "./storage-failure.ts";

/** A change that somebody wants written, and waits for. */
export interface JournaledWork {
  work: (trx: Transaction<Tables>) => Promise<unknown>;
  committed: ((value: unknown) => void) | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Runs works in one transaction, each undone alone when it fails. Returns what to tell their callers once the transaction
 * is durable; throws only when the database itself failed.
 */
export async function inOneTransaction(
  works: readonly JournaledWork[],
  trx: Transaction<Tables>,
  connection: ExclusiveConnection,
): Promise<(() => void)[]> {
  const settle: (() => void)[] = [];
  connection.run("begin immediate");
  try {
    for (const each of works) settle.push(await runAlone(each, trx, connection));
  } catch (error) {
    undo(connection);
    throw error;
  }
  try {
    connection.run("commit");
  } catch (error) {
    undo(connection);
    throw isFull(error) ? error : new UnknownOutcome(error);
  }
  return settle;
}

function undo(connection: ExclusiveConnection): void {
  try {
    connection.rollback();
  } catch (error) {
    throw new UnknownOutcome(error);
  }
}

async function runAlone(
  journaled: JournaledWork,
  trx: Transaction<Tables>,
  connection: ExclusiveConnection,
): Promise<() => void> {
  connection.run("savepoint work");
  try {
    const value = await journaled.work(trx);
    connection.run("release work");
    return () => succeed(journaled, value);
  } catch (error) {
    // A full disk ends the whole transaction; where it does not, what others need may have been the reason.
    if (!connection.inTransaction || isFull(error)) throw error;
    connection.run("rollback to work");
    connection.run("release work");
    return () => journaled.reject(isStorageError(error) ? writeFailed(error) : error);
  }
}

function succeed(journaled: JournaledWork, value: unknown): void {
  try {
    journaled.committed?.(value);
    journaled.resolve(value);
  } catch (error) {
    journaled.reject(error);
  }
}
