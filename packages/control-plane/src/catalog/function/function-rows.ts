import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AutoscalerSettingsSchema,
  FunctionOptionsSchema,
  FunctionPrecreateRequestSchema,
  FunctionSchema$,
} from "@dorian/protocol/modal";
import type { Insertable, Selectable } from "kysely";
import type { FunctionRow } from "../../schema/rows/function.ts";
import { newFunctionRecord, type FunctionChange, type FunctionRecord } from "./function-record.ts";

export function functionFromRow(row: Selectable<FunctionRow>): FunctionRecord {
  return {
    functionId: row.function_id,
    appId: row.app_id,
    tag: row.tag,
    baseFunctionId: row.base_function_id ?? undefined,
    serializedParams: row.serialized_params ?? new Uint8Array(),
    options: row.options ? fromBinary(FunctionOptionsSchema, row.options) : undefined,
    isBuilder: row.is_builder === 1,
    precreated: row.precreated ? fromBinary(FunctionPrecreateRequestSchema, row.precreated) : undefined,
    definition: row.definition ? fromBinary(FunctionSchema$, row.definition) : undefined,
    definitionId: row.definition_id,
    pending: row.pending ? fromBinary(FunctionSchema$, row.pending) : undefined,
    pendingId: row.pending_id,
    revision: row.revision,
    scheduling: row.scheduling ? fromBinary(AutoscalerSettingsSchema, row.scheduling) : undefined,
    createdAtMs: row.created_at,
  };
}

export function rowOfFunction(record: FunctionRecord): Insertable<FunctionRow> {
  return {
    function_id: record.functionId,
    app_id: record.appId,
    tag: record.tag,
    base_function_id: record.baseFunctionId ?? null,
    serialized_params: record.serializedParams,
    options: record.options ? toBinary(FunctionOptionsSchema, record.options) : null,
    is_builder: record.isBuilder ? 1 : 0,
    precreated: record.precreated ? toBinary(FunctionPrecreateRequestSchema, record.precreated) : null,
    definition: record.definition ? toBinary(FunctionSchema$, record.definition) : null,
    definition_id: record.definitionId,
    pending: record.pending ? toBinary(FunctionSchema$, record.pending) : null,
    pending_id: record.pendingId,
    revision: record.revision,
    scheduling: record.scheduling ? toBinary(AutoscalerSettingsSchema, record.scheduling) : null,
    created_at: record.createdAtMs,
  };
}

const columnsOf = {
  precreated: "precreated",
  definition: "definition",
  definitionId: "definition_id",
  pending: "pending",
  pendingId: "pending_id",
  revision: "revision",
  scheduling: "scheduling",
} as const satisfies Record<keyof FunctionChange, keyof FunctionRow>;

export function changedColumns(change: FunctionChange): Partial<Insertable<FunctionRow>> {
  const row = rowOfFunction(
    newFunctionRecord({ functionId: "", appId: "", tag: "", createdAtMs: 0, ...change }),
  );
  const names = Object.keys(change) as (keyof FunctionChange)[];
  return Object.fromEntries(names.map((name) => [columnsOf[name], row[columnsOf[name]]]));
}
