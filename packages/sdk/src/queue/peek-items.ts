import { Deadline } from "@dorian/base/deadline";
import { callOptions } from "../client/wait-options.ts";
import { checkTimeout } from "./check-wait.ts";
import type { PartitionWire } from "./partition-wire.ts";

/** A server lets no call wait for longer than a minute. */
const longestWaitMs = 30_000;

/** Values of a partition from the first on, left where they are; ends when none has come for a time, in seconds. */
export async function* peekItems(
  { modal, queueId, partitionKey }: PartitionWire,
  options: { timeout?: number | undefined; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const { signal } = options;
  const timeout = checkTimeout(options.timeout ?? 0);
  let deadline = new Deadline(timeout * 1000);
  for (let lastEntryId = ""; ;) {
    const itemPollTimeout = Math.min(deadline.leftMs, longestWaitMs) / 1000;
    const request = { queueId, partitionKey, lastEntryId, itemPollTimeout };
    const { items } = await modal.queueNextItems(request, callOptions(signal));
    for (const { value, entryId } of items) {
      lastEntryId = entryId;
      yield value;
    }
    if (items.length > 0) deadline = new Deadline(timeout * 1000);
    else if (deadline.isOver) return;
  }
}
