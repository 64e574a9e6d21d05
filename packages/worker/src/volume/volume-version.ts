/** A version of a volume: its number and its layers, lowest first. */
export interface VolumeVersion {
  version: bigint;
  layerIds: string[];
}
