/** One deployment of an app: what `dorian app history` lists and a rollback goes back to. */
export interface AppVersionRow {
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
export interface FunctionDefinitionRow {
  definition_id: string;
  function_id: string;
  /** Bytes of Function. */
  definition: Uint8Array;
}
