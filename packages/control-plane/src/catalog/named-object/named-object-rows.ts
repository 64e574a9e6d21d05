import type { Selectable } from "kysely";
import type { NamedObjectRow } from "../../schema/rows/named-object.ts";
import type { NamedObject } from "./named-object.ts";

export function objectFromRow(row: Selectable<NamedObjectRow>): NamedObject {
  return {
    objectId: row.object_id,
    scope: row.environment,
    name: row.name ?? undefined,
    appId: row.app_id ?? undefined,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
  };
}
