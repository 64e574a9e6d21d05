import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

/** A volume on a server. */
export interface VolumeWire {
  modal: ServiceClient<typeof ModalClient>;
  volumeId: string;
}

export interface TransferSettings {
  /** Replace files that are there. Default false: nothing is changed, and the call fails. */
  overwrite?: boolean;
  onProgress?: (progress: import("./transfer-progress.ts").TransferProgress) => void;
  signal?: AbortSignal;
}
