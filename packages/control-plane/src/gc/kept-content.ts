import type { DatabaseSync } from "node:sqlite";

/** What a data directory holds beside its state, by the names that the state has for it. */
export interface KeptContent {
  layerIds: Set<string>;
  /** SHA-256 of blobs, each a file of the block store. */
  blobs: Set<string>;
}

/** What a state names: images, code, versions of volumes, and values too large for the database. */
export function contentOfState(state: DatabaseSync): KeptContent {
  const values = (query: string) =>
    state
      .prepare(query)
      .all()
      .map((row) => String(Object.values(row)[0]));
  const stacks = values(
    "select layer_ids from image union select layer_ids from volume_version where layer_ids is not null",
  );
  return {
    layerIds: new Set([
      ...stacks.flatMap((stack) => JSON.parse(stack) as string[]),
      ...values("select layer_id from mount"),
    ]),
    blobs: new Set(values("select sha256 from blob where sha256 is not null")),
  };
}

/** The layers that a text names: what workers keep of base images, or of a finished build step. */
export function layersNamedIn(text: string): string[] {
  return text.match(/\bly-[0-9A-Za-z]{22}\b/g) ?? [];
}
