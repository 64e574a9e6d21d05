export interface EnvironmentRow {
  environment_id: string;
  /** Null once deleted. */
  name: string | null;
  /** What the objects of the environment carry: stays when it gets another name. */
  scope: string;
  web_suffix: string;
  /** Null: what suits the client. */
  image_builder_version: string | null;
  created_at: number;
}
