import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { Handover } from "./hand-over.ts";
import type { OnTransferProgress } from "./transfer-progress.ts";

/** A volume on a server. */
export interface VolumeWire {
  modal: ServiceClient<typeof ModalClient>;
  volumeId: string;
  /** Where the server is on this machine, and may copy files itself. */
  handover?: Handover | undefined;
}

/** How files are uploaded or downloaded. */
export interface TransferSettings {
  /** Replace files that are there already. Default false: the call fails, and nothing changes. */
  overwrite?: boolean | undefined;
  /** Told how far it is; default: nobody is. */
  onProgress?: OnTransferProgress | undefined;
  /** Gives up when it aborts; without one, it goes on. */
  signal?: AbortSignal | undefined;
}
