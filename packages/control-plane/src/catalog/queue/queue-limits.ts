import { AppError } from "@dorian/base/app-error";
import type { Partition } from "./partition.ts";

/** What the official clients document. */
export const queueLimits = {
  itemBytes: 1024 * 1024,
  partitionItems: 5_000,
  partitionBytes: 64 * 1024 * 1024,
  partitions: 100_000,
  keyBytes: 64,
} as const;

/**
 * Refuses values that a partition can never hold, or not now.
 *
 * @throws AppError QUEUE_PUT_TOO_LARGE, QUEUE_FULL
 */
export function checkRoom(
  partition: Partition,
  values: readonly Uint8Array[],
): { items: number; bytes: number } {
  const largest = values.reduce((max, value) => Math.max(max, value.length), 0);
  const room = { items: values.length, bytes: values.reduce((sum, value) => sum + value.length, 0) };
  if (largest > queueLimits.itemBytes) {
    throw tooLarge(`An item has ${largest} bytes; ${queueLimits.itemBytes} are allowed.`);
  }
  // More than fits into an empty one: waiting would be in vain.
  if (room.items > queueLimits.partitionItems || room.bytes > queueLimits.partitionBytes) {
    throw tooLarge(`${room.items} items of ${room.bytes} bytes do not fit into one partition of a queue.`);
  }
  const { items, bytes } = partition.load;
  if (items + room.items <= queueLimits.partitionItems && bytes + room.bytes <= queueLimits.partitionBytes) {
    return room;
  }
  throw new AppError(
    "QUEUE_FULL",
    `The queue's partition is full: it holds ${items} items of ${bytes} bytes.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: `Take items out first; ${queueLimits.partitionItems} items and ${queueLimits.partitionBytes} bytes fit.`,
    },
  );
}

/** @throws AppError QUEUE_PARTITION_INVALID */
export function checkKey(key: Uint8Array): Uint8Array {
  if (key.length <= queueLimits.keyBytes) return key;
  throw new AppError("QUEUE_PARTITION_INVALID", `The key of a partition has ${key.length} bytes.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Use at most ${queueLimits.keyBytes}.`,
  });
}

function tooLarge(message: string): AppError {
  return new AppError("QUEUE_PUT_TOO_LARGE", message, {
    status: "INVALID_ARGUMENT",
    remedy: "Put less at a time, and large data into a volume.",
  });
}
