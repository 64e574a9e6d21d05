import type { Transport } from "../client/transport.ts";

/** A partition of a queue on a server. */
export interface PartitionWire {
  modal: Transport["modal"];
  queueId: string;
  partitionKey: Uint8Array;
}
