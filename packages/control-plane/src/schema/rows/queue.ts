export interface QueueItemRow {
  /** Items of a partition leave it in this order. */
  seq: number;
  queue_id: string;
  /** Empty for the partition that has no name. */
  partition: Uint8Array;
  /** When the partition ends unless something is put later. */
  expires_at: number;
  value: Uint8Array;
}
