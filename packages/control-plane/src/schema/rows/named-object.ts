export interface NamedObjectRow {
  object_id: string;
  /** "dict" or "queue". */
  kind: string;
  environment: string;
  /** Null for one that lives as long as somebody's heartbeats, or as an app. */
  name: string | null;
  /** The app whose end is its end. */
  app_id: string | null;
  created_at: number;
  created_by: string;
}
