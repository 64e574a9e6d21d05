export interface VolumeRow {
  volume_id: string;
  environment: string;
  /** Null once deleted, and for one that lives as long as somebody's heartbeats or as an app: it has `ephemeral` 1. */
  name: string | null;
  ephemeral: number;
  created_at: number;
  created_by: string;
  deleted_at: number | null;
  /** 1 or 2. */
  fs_version: number;
  /** The app whose end is its end. */
  app_id: string | null;
}

export interface VolumeVersionRow {
  volume_id: string;
  version: number;
  /** The layer this version added; empty for version 0. */
  layer_id: string;
  /** JSON list, the whole stack, lowest first; null once too old to be read. */
  layer_ids: string | null;
  /** A task id, or "client". */
  author: string;
  bytes: number;
  created_at: number;
}
