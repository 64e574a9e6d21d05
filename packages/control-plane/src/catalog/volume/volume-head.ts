/** The newest version of a volume. */
export interface VolumeHead {
  volumeId: string;
  version: number;
  /** Lowest first. */
  layerIds: readonly string[];
}

/** What a commit puts on top of it. */
export interface VolumeChange {
  layerId: string;
  /** A task id, or "client". */
  author: string;
  bytes: number;
}
