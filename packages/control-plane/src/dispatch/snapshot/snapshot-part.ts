/** A container that is about to start. */
export interface Starting {
  readonly isOver: boolean;
  readonly facts: { readonly functionId: string; readonly revision: number };
}

/** What a container's start has to do with snapshots. */
export type SnapshotPart =
  | { kind: "none"; note?: string }
  | { kind: "take" }
  | { kind: "restore"; layerId: string; bytes: number };
