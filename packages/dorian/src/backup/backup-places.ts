import { join } from "node:path";

/** Where a backup or a data directory keeps what never changes. */
export function layerPlace(directory: string, layerId: string): string {
  return join(directory, "layers", layerId);
}

export function blobPlace(directory: string, sha: string): string {
  return join(directory, "blocks", sha.slice(0, 2), sha);
}

/**
 * Small files of a data directory that are part of it beside its state: who it is, the key of its secrets and signatures, the tokens of
 * this machine, its certificates, and which base images its layers are.
 */
export const smallFiles = ["id", "server.key", "client.json", "bases.json"];
export const smallFolders = ["tls"];

export const stateFile = "state.db";
