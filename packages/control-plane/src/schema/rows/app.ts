export interface AppRow {
  app_id: string;
  environment: string;
  /** Set once deployed; free again for another app when this one stops. */
  name: string | null;
  description: string;
  /** Number of the wire's AppState. */
  state: number;
  version: number;
  /** Published tags, JSON objects tag → id. */
  function_ids: string;
  class_ids: string;
  /** Ids of dicts, queues and volumes that clients before 0.64 let an app have. */
  object_ids: string;
  tags: string;
  created_at: number;
  deployed_at: number | null;
  stopped_at: number | null;
  stop_reason: string;
}
