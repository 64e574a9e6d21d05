import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { QueueGetResponseSchema, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { RecentAnswers } from "../../database/recent-answers.ts";
import { bytesOf } from "./partition.ts";
import { checkKey, checkRoom } from "./queue-limits.ts";
import type { QueueStore } from "./queue-store.ts";
import { TakenItems } from "./taken-items.ts";

/** Longest time, in milliseconds, that a call waits for items. */
const longestWaitMs = 60_000;
const usualTtlMs = 24 * 3_600_000;
/** Items of one answer that leaves them in the queue, and about how many bytes. */
const peekItems = 100;
const peekBytes = 8 * 1024 * 1024;

/** What goes into queues and out of them. */
export function itemHandlers(options: { queues: QueueStore; answers: RecentAnswers }) {
  const { queues, answers } = options;
  return {
    async queuePut(request, context) {
      const { queueId, partitionKey, values } = request;
      const once = { method: "QueuePut", schema: EmptySchema };
      using room = new DisposableStack();
      return await answers.onceAfter(context, once, async () => {
        const partition = queues.partition(queueId, checkKey(partitionKey));
        room.use(partition.reserve(checkRoom(partition, values)));
        const ttlMs = request.partitionTtlSeconds > 0 ? request.partitionTtlSeconds * 1000 : usualTtlMs;
        return async (trx) => ({
          response: {},
          committed: await queues.insert(trx, queueId, partition, { values, ttlMs }),
        });
      });
    },

    async queueGet(request, context) {
      const { queueId, partitionKey, nValues } = request;
      if (nValues < 1) throw noValues(nValues);
      const timeoutMs = waitMs(request.timeout);
      const once = { method: "QueueGet", schema: QueueGetResponseSchema };
      using taken = new TakenItems();
      return await answers.onceAfter(context, once, async () => {
        const partition = queues.partition(queueId, checkKey(partitionKey));
        const items = await partition.takeSoon(nValues, { timeoutMs, signal: context.signal });
        if (items.length === 0) return { answer: { values: [] } };
        taken.add(partition, items);
        await context.takeRoom?.(bytesOf(items));
        return async (trx) => ({
          response: { values: await queues.take(trx, items) },
          committed: () => taken.give(),
        });
      });
    },

    async queueNextItems(request, context) {
      const { queueId, partitionKey, lastEntryId } = request;
      const partition = queues.partition(queueId, checkKey(partitionKey));
      const deadline = new Deadline(waitMs(request.itemPollTimeout));
      for (;;) {
        const found = firstBytes(partition.after(Number(lastEntryId) || 0, peekItems), peekBytes);
        await context.takeRoom?.(bytesOf(found));
        const rows = found.length === 0 ? [] : await queues.values(found);
        if (rows.length > 0) {
          return { items: rows.map(({ seq, value }) => ({ value, entryId: String(seq) })) };
        }
        // What was there may have been taken meanwhile.
        if (found.length > 0) continue;
        if (deadline.isOver) return { items: [] };
        await partition.watch({ timeoutMs: deadline.leftMs, signal: context.signal });
        queues.objects.require(queueId);
      }
    },

    async queueLen(request) {
      const { queueId, partitionKey, total } = request;
      if (!total) return { len: queues.partition(queueId, checkKey(partitionKey)).length };
      let len = 0;
      for (const partition of queues.filled(queueId)) len += partition.length;
      return { len };
    },

    async queueClear(request, context) {
      const { queueId, partitionKey, allPartitions } = request;
      using taken = new DisposableStack();
      return await answers.onceAfter(context, { method: "QueueClear", schema: EmptySchema }, async () => {
        const partitions = allPartitions
          ? queues.filled(queueId)
          : [queues.partition(queueId, checkKey(partitionKey))];
        const contents = taken.use(queues.takeAll(partitions));
        return async (trx) => {
          await queues.take(trx, contents.all);
          return { response: {}, committed: () => contents.give() };
        };
      });
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

/** What is no number of seconds is none. */
function waitMs(secs: number): number {
  return Number.isNaN(secs) ? 0 : Math.min(secs * 1000, longestWaitMs);
}

/** The first items, at least one, with about so many bytes in all. */
function firstBytes<I extends { bytes: number }>(items: readonly I[], limit: number): readonly I[] {
  let bytes = 0;
  const end = items.findIndex((item) => (bytes += item.bytes) > limit);
  return end === -1 ? items : items.slice(0, Math.max(1, end));
}

function noValues(count: number): AppError {
  return new AppError("QUEUE_COUNT_INVALID", `${count} items were asked for.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Ask for at least one.",
  });
}
