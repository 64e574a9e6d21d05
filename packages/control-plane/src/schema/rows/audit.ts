import type { Generated } from "kysely";

export interface AuditEntryRow {
  /** Grows with time. */
  entry_id: Generated<number>;
  at: number;
  /** Such as "app.deploy". */
  action: string;
  /** See `AuditStatus`. */
  status: string;
  /** "token", "container", "worker" or "nobody". */
  actor_kind: string;
  actor_id: string;
  /** Name of a token at that time. */
  actor_name: string;
  /** Scope of the environment that it happened in; null where it concerns none or all. */
  environment: string | null;
  /** Empty within a machine. */
  address: string;
  /** Version that the client gives itself. */
  client: string;
  /** JSON list of what it was done to: ids and names, never values. */
  targets: string;
  /** Code of the error it ended with, or empty. */
  error: string;
}
