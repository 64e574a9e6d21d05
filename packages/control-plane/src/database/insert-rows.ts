import { CompiledQuery, type Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";

export interface InsertStatement {
  /** "insert into t (a, b) values" */
  insert: string;
  columns: number;
  /** What follows the values. */
  end?: string;
}

const rowsPerStatement = 100;

/** Inserts rows, many to a statement: each costs as much as several rows. Returns how many were written. */
export async function insertRows(
  trx: Transaction<Tables>,
  statement: InsertStatement,
  rows: readonly (readonly unknown[])[],
): Promise<number> {
  let written = 0;
  const run = async (part: readonly (readonly unknown[])[]) => {
    const sql = statementText(statement, part.length);
    const { numAffectedRows } = await trx.executeQuery(CompiledQuery.raw(sql, part.flat()));
    written += Number(numAffectedRows ?? 0);
  };
  let at = 0;
  // Of two lengths only, so that each statement is prepared once.
  for (; at + rowsPerStatement <= rows.length; at += rowsPerStatement)
    await run(rows.slice(at, at + rowsPerStatement));
  for (; at < rows.length; at += 1) await run(rows.slice(at, at + 1));
  return written;
}

function statementText({ insert, columns, end = "" }: InsertStatement, rows: number): string {
  const row = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
  return `${insert} ${Array.from({ length: rows }, () => row).join(", ")} ${end}`;
}
