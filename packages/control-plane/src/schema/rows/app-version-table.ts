/** One deployment of an app: what `modal app history` lists and a rollback goes back to. */
export interface AppVersionTable {
  app_id: string;
  version: number;
  /** 1 until it is promoted: known, but not what runs. */
  staged: number;
  /** JSON objects tag → id. */
  function_ids: string;
  class_ids: string;
  object_ids: string;
  /** JSON object function id → definition id. */
  definition_ids: string;
  tags: string;
  deployed_at: number;
  deployed_by: string;
  client_version: string;
  deployment_tag: string;
  /** The version whose content it has again; 0 when the content is its own. */
  rollback_version: number;
  /** Bytes of CommitInfo. */
  commit_info: Uint8Array | null;
  /** Number of the wire's DeploymentType. */
  deployment_type: number;
}

/** A definition as some version of an app has it. */
export interface FunctionDefinitionTable {
  definition_id: string;
  function_id: string;
  /** Bytes of Function. */
  definition: Uint8Array;
}

export const appVersionTables = [
  `create table app_version (
    app_id text not null references app (app_id),
    version integer not null,
    staged integer not null,
    function_ids text not null,
    class_ids text not null,
    definition_ids text not null,
    tags text not null,
    deployed_at integer not null,
    deployed_by text not null,
    client_version text not null,
    deployment_tag text not null,
    rollback_version integer not null,
    commit_info blob,
    deployment_type integer not null,
    primary key (app_id, version)
  ) strict, without rowid`,
  `create table function_definition (
    definition_id text primary key,
    function_id text not null references function (function_id),
    definition blob not null
  ) strict`,
  `create index function_definition_function on function_definition (function_id)`,
];
