import type { Selectable } from "kysely";
import type { SecretRow } from "../../schema/rows/secret.ts";
import type { Secret } from "./secret.ts";

export function secretFromRow(row: Selectable<SecretRow>): Secret {
  return {
    secretId: row.secret_id,
    scope: row.environment,
    name: row.name ?? undefined,
    appId: row.app_id ?? undefined,
    keys: JSON.parse(row.keys) as string[],
    createdAtMs: row.created_at,
    lastUsedAtMs: row.last_used_at ?? undefined,
  };
}
