import { AppState } from "@dorian/protocol/modal";
import type { Insertable, Selectable } from "kysely";
import type { AppRow } from "../../schema/rows/app.ts";

/** A named group of functions. Never changed in place: a change is a new value in the registry. */
export interface App {
  appId: string;
  environment: string;
  /** Set once deployed. */
  name: string | undefined;
  description: string;
  state: AppState;
  /** Grows with every publish. */
  version: number;
  /** What is published, by tag: "train", "Model.*". */
  functionIds: ReadonlyMap<string, string>;
  /** By tag: "Model". */
  classIds: ReadonlyMap<string, string>;
  /** Dicts, queues and volumes that the app has, by tag: containers of clients before 0.64 find them by it. */
  objectIds: ReadonlyMap<string, string>;
  tags: Record<string, string>;
  /** Times in milliseconds. */
  createdAtMs: number;
  deployedAtMs: number | undefined;
  stoppedAtMs: number | undefined;
  stopReason: string;
}

/** True while functions of the app may run. */
export function isOpen(app: App): boolean {
  return app.state !== AppState.STOPPING && app.state !== AppState.STOPPED;
}

export function appFromRow(row: Selectable<AppRow>): App {
  return {
    appId: row.app_id,
    environment: row.environment,
    name: row.name ?? undefined,
    description: row.description,
    state: row.state as AppState,
    version: row.version,
    functionIds: mapFrom(row.function_ids),
    classIds: mapFrom(row.class_ids),
    objectIds: mapFrom(row.object_ids),
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAtMs: row.created_at,
    deployedAtMs: row.deployed_at ?? undefined,
    stoppedAtMs: row.stopped_at ?? undefined,
    stopReason: row.stop_reason,
  };
}

export function rowOfApp(app: App): Insertable<AppRow> {
  return {
    app_id: app.appId,
    environment: app.environment,
    name: app.name ?? null,
    description: app.description,
    state: app.state,
    version: app.version,
    function_ids: JSON.stringify(Object.fromEntries(app.functionIds)),
    class_ids: JSON.stringify(Object.fromEntries(app.classIds)),
    object_ids: JSON.stringify(Object.fromEntries(app.objectIds)),
    tags: JSON.stringify(app.tags),
    created_at: app.createdAtMs,
    deployed_at: app.deployedAtMs ?? null,
    stopped_at: app.stoppedAtMs ?? null,
    stop_reason: app.stopReason,
  };
}

function mapFrom(json: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(json) as Record<string, string>));
}
