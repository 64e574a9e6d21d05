import { Notifier } from "@dorian/base/notifier";
import { Deadline } from "@dorian/base/deadline";
import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { NamedObjects } from "./named-objects.ts";
import { newestFirst } from "./newest-first.ts";

const usualTtlSecs = 24 * 3600;
/** Items that one partition holds. */
const partitionItems = 5_000;

interface Item {
  entryId: number;
  value: Uint8Array;
}

class Partition {
  items: Item[] = [];
  expiresAtMs = Infinity;
  readonly changed = new Notifier();
}

class Queue {
  readonly partitions = new Map<string, Partition>();
  #nowMs: () => number;
  #lastEntryId = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The partition of that key; what was not put into for its time to live is gone. */
  partition(key: Uint8Array): Partition {
    const id = Buffer.from(key).toString("base64");
    const known = this.partitions.get(id);
    if (known && known.expiresAtMs <= this.#nowMs()) known.items = [];
    if (known) return known;
    const made = new Partition();
    this.partitions.set(id, made);
    return made;
  }

  get filled(): Partition[] {
    return [...this.partitions.values()].filter(
      ({ items, expiresAtMs }) => items.length > 0 && expiresAtMs > this.#nowMs(),
    );
  }

  put(partition: Partition, values: readonly Uint8Array[], ttlSecs: number): void {
    if (partition.items.length + values.length > partitionItems) {
      throw new AppError(
        "QUEUE_FULL",
        `The queue's partition is full: it holds ${partition.items.length} items.`,
        {
          status: "RESOURCE_EXHAUSTED",
          remedy: `Take items out first; ${partitionItems} items fit.`,
        },
      );
    }
    partition.items.push(...values.map((value) => ({ value, entryId: ++this.#lastEntryId })));
    partition.expiresAtMs = this.#nowMs() + ttlSecs * 1000;
    partition.changed.notify();
  }
}

/** Queues, in memory. */
export function queueHandlers({ nowMs }: { nowMs: () => number }) {
  const queues = new NamedObjects<Queue>({
    noun: "queue",
    prefix: "qu",
    make: () => new Queue(nowMs),
    nowMs,
  });
  const queueOf = (queueId: string) => queues.require(queueId).value;
  return {
    async queueGetOrCreate(request) {
      const { objectId, name } = queues.getOrCreate(request);
      return { queueId: objectId, metadata: { name } };
    },
    async queueGetById({ queueId }) {
      return { queueId, metadata: { name: queues.require(queueId).name } };
    },
    async queueHeartbeat({ queueId }) {
      queues.require(queueId);
      return {};
    },
    async queueList(request) {
      const { environmentName, page } = newestFirst(queues.all, request);
      const list = page.map(({ objectId, name, createdAtMs, value }) => ({
        queueId: objectId,
        name,
        createdAt: createdAtMs / 1000,
        numPartitions: value.filled.length,
        totalSize: totalOf(value),
        metadata: { name },
      }));
      return { environmentName, queues: list };
    },
    async queueDelete({ queueId }) {
      for (const { changed } of queueOf(queueId).partitions.values()) changed.notify();
      queues.delete(queueId);
      return {};
    },
    async queueClear({ queueId, partitionKey, allPartitions }) {
      const queue = queueOf(queueId);
      for (const partition of allPartitions ? queue.filled : [queue.partition(partitionKey)])
        partition.items = [];
      return {};
    },
    async queueLen({ queueId, partitionKey, total }) {
      const queue = queueOf(queueId);
      return { len: total ? totalOf(queue) : queue.partition(partitionKey).items.length };
    },
    async queuePut({ queueId, partitionKey, values, partitionTtlSeconds }) {
      const queue = queueOf(queueId);
      queue.put(queue.partition(partitionKey), values, partitionTtlSeconds || usualTtlSecs);
      return {};
    },
    async queueGet({ queueId, partitionKey, nValues, timeout }, { signal }) {
      const deadline = new Deadline(timeout * 1000);
      for (;;) {
        const partition = queueOf(queueId).partition(partitionKey);
        const taken = partition.items.splice(0, Math.max(1, nValues));
        if (taken.length > 0 || deadline.isOver) return { values: taken.map(({ value }) => value) };
        await partition.changed.wait({ signal, timeoutMs: deadline.leftMs });
      }
    },
    async queueNextItems({ queueId, partitionKey, lastEntryId, itemPollTimeout }, { signal }) {
      const deadline = new Deadline(itemPollTimeout * 1000);
      for (;;) {
        const partition = queueOf(queueId).partition(partitionKey);
        const found = partition.items.filter(({ entryId }) => entryId > Number(lastEntryId || 0));
        if (found.length > 0 || deadline.isOver)
          return { items: found.map(({ value, entryId }) => ({ value, entryId: String(entryId) })) };
        await partition.changed.wait({ signal, timeoutMs: deadline.leftMs });
      }
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function totalOf(queue: Queue): number {
  return queue.filled.reduce((sum, { items }) => sum + items.length, 0);
}
