import type { Database } from "../../database/database.ts";
import type { FunctionCallFacts } from "./function-call.ts";

/** A call as the database has it without its inputs. */
export type CallHead = Pick<
  FunctionCallFacts,
  "callId" | "functionId" | "appId" | "parentInputId" | "createdAtMs"
>;

export const headColumns = [
  "function_call.call_id",
  "function_call.function_id",
  "function_call.app_id",
  "function_call.parent_input_id",
  "function_call.created_at",
] as const;

export function headFromRow(row: {
  call_id: string;
  function_id: string;
  app_id: string;
  parent_input_id: string;
  created_at: number;
}): CallHead {
  return {
    callId: row.call_id,
    functionId: row.function_id,
    appId: row.app_id,
    parentInputId: row.parent_input_id,
    createdAtMs: row.created_at,
  };
}

/** The call that an input on disk belongs to. */
export async function callOfInput(db: Database, inputId: string): Promise<CallHead | undefined> {
  const row = await db
    .selectFrom("call_input")
    .innerJoin("function_call", "function_call.call_id", "call_input.call_id")
    .select(headColumns)
    .where("input_id", "=", inputId)
    .executeTakeFirst();
  return row && headFromRow(row);
}
