export interface ImageRow {
  image_id: string;
  /** Content key; only the image whose `cached` is 1 answers for it. */
  build_key: string;
  cached: number;
  /** building, ready or failed. */
  state: string;
  /** What the step is called across its versions, to say what changed. */
  slot: string;
  /** JSON of BuildComponents. */
  components: string;
  base_image_id: string | null;
  /** JSON list, the whole stack, lowest first. */
  layer_ids: string;
  /** Bytes of ImageConfig. */
  config: Uint8Array;
  /** Bytes of GenericResult once finished. */
  result: Uint8Array | null;
  description: string;
  bytes: number;
  build_ms: number;
  created_at: number;
  used_at: number;
  /** JSON of ImageContents once it is ready. */
  contents: string | null;
}

/** One publication of an image under a name. The latest counts. */
export interface ImageTagRow {
  revision_id: string;
  /** The environment's. */
  scope: string;
  /** Such as "my-image:latest". */
  tag: string;
  image_id: string;
  published_by: string;
  created_at: number;
}

export interface ImageLogRow {
  image_id: string;
  entry: number;
  /** Bytes of TaskLogs. */
  log: Uint8Array;
}
