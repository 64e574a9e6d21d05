import { AppError } from "@dorian/base/app-error";
import { CompiledQuery, type Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import { insertRows } from "../../database/insert-rows.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import { NamedObjects } from "../named-object/named-objects.ts";
import type { NamedObject } from "../named-object/named-object.ts";
import { Partition, type QueuedItem } from "./partition.ts";
import { queueLimits } from "./queue-limits.ts";
import { TakenItems } from "./taken-items.ts";
import { notFoundWords, type ObjectReference } from "../../access/not-found-words.ts";

export interface QueueStoreOptions {
  db: Database;
  journal: Journal;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

/** Queues and what they hold: which items there are in memory, their values in the database. */
export class QueueStore implements Disposable {
  readonly objects: NamedObjects;
  #options: QueueStoreOptions;
  /** By queue, then by key. */
  #partitions = new Map<string, Map<string, Partition>>();
  #lastSeq = 0;
  /** Items of partitions whose time is over: still to be deleted. */
  #expired: QueuedItem[] = [];
  #timer: NodeJS.Timeout;

  private constructor(options: QueueStoreOptions, objects: NamedObjects) {
    this.#options = options;
    this.objects = objects;
    // What cannot be deleted now is deleted at the next turn.
    this.#timer = setInterval(() => void this.sweep().catch(() => undefined), sweepEveryMs).unref();
  }

  static async load(options: QueueStoreOptions): Promise<QueueStore> {
    const { db, nowMs } = options;
    const objects = await NamedObjects.load({
      db,
      nowMs,
      kind: "queue",
      prefix: "qu",
      notFound: queueNotFound,
      exists: queueExists,
    });
    const store = new QueueStore(options, objects);
    const { rows } = await db.executeQuery<ItemRow>(CompiledQuery.raw(itemsSql));
    for (const { seq, bytes, queue_id: queueId, key, expires_at: expiresAt } of rows) {
      const partition = store.#partition(queueId, key);
      partition.expiresAt = expiresAt;
      partition.append([{ seq, bytes }]);
      store.#lastSeq = seq;
    }
    return store;
  }

  /** @throws AppError QUEUE_NOT_FOUND, QUEUE_PARTITIONS_TOO_MANY */
  partition(queueId: string, key: Uint8Array): Partition {
    this.objects.require(queueId);
    const partition = this.#partition(queueId, key);
    this.#expire(partition);
    return partition;
  }

  /** Partitions that hold something. */
  *filled(queueId: string): Iterable<Partition> {
    this.objects.require(queueId);
    for (const partition of this.#partitions.get(queueId)?.values() ?? []) {
      this.#expire(partition);
      if (partition.length > 0) yield partition;
    }
  }

  /** Adds values at the end of a partition; they are in it once the result is called. */
  async insert(
    trx: Transaction<Tables>,
    queueId: string,
    partition: Partition,
    put: { values: readonly Uint8Array[]; ttlMs: number },
  ): Promise<() => void> {
    await this.objects.requireIn(trx, queueId);
    const expiresAt = this.#options.nowMs() + put.ttlMs;
    const items = put.values.map((value) => ({ seq: this.#nextSeq(), bytes: value.length }));
    const rows = put.values.map((value, index) => [
      items[index]?.seq,
      queueId,
      partition.key,
      expiresAt,
      value,
    ]);
    await insertRows(trx, insertItems, rows);
    return () => {
      partition.expiresAt = expiresAt;
      partition.append(items);
    };
  }

  /** Takes everything out of some partitions, in memory. */
  takeAll(partitions: Iterable<Partition>): TakenItems {
    const taken = new TakenItems();
    for (const partition of partitions) taken.add(partition, partition.take(Number.POSITIVE_INFINITY));
    return taken;
  }

  /** Deletes items that were taken out of their partition, and returns their values in order. */
  async take(trx: Transaction<Tables>, items: readonly QueuedItem[]): Promise<Uint8Array[]> {
    const { rows } = await trx.executeQuery<ValueRow>(CompiledQuery.raw(removeSql, [seqsOf(items)]));
    return rows.toSorted(bySeq).map((row) => row.value);
  }

  /** Values of items that are still there. */
  async values(items: readonly QueuedItem[]): Promise<ValueRow[]> {
    const { rows } = await this.#options.db.executeQuery<ValueRow>(
      CompiledQuery.raw(valuesSql, [seqsOf(items)]),
    );
    return rows.toSorted(bySeq);
  }

  /** Deletes a queue and what is in it; call the result once that is durable. */
  async delete(trx: Transaction<Tables>, queueId: string, contents: TakenItems): Promise<() => void> {
    await this.take(trx, contents.all);
    const committed = await this.objects.delete(trx, queueId);
    return () => {
      committed();
      contents.give();
      const gone = this.#partitions.get(queueId) ?? new Map<string, Partition>();
      this.#partitions.delete(queueId);
      for (const partition of gone.values()) partition.end(queueNotFound({ id: queueId }));
    };
  }

  anonymous(): Iterable<NamedObject> {
    return this.objects.anonymous();
  }

  /** Deletes all queues of an environment. */
  async removeScope(scope: string): Promise<void> {
    await Promise.all(this.objects.inScope(scope).map(({ objectId }) => this.remove(objectId)));
  }

  async remove(queueId: string): Promise<void> {
    using contents = this.takeAll(this.filled(queueId));
    await this.#options.journal.write(
      (trx) => this.delete(trx, queueId, contents),
      (committed) => committed(),
    );
  }

  /** Deletes what has expired, and forgets partitions that nobody uses. */
  async sweep(): Promise<void> {
    for (const [queueId, partitions] of this.#partitions) {
      for (const [name, partition] of partitions) {
        this.#expire(partition);
        if (partition.isIdle) partitions.delete(name);
      }
      if (partitions.size === 0) this.#partitions.delete(queueId);
    }
    const expired = this.#expired;
    if (expired.length === 0) return;
    await this.#options.journal.writePatiently((trx) => this.take(trx, expired));
    this.#expired = this.#expired.slice(expired.length);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #partition(queueId: string, key: Uint8Array): Partition {
    const partitions = this.#partitions.get(queueId) ?? new Map<string, Partition>();
    this.#partitions.set(queueId, partitions);
    const name = Buffer.from(key).toString("base64");
    const known = partitions.get(name);
    if (known) return known;
    if (partitions.size >= queueLimits.partitions) throw tooManyPartitions(queueId);
    const partition = new Partition(key);
    partitions.set(name, partition);
    return partition;
  }

  #expire(partition: Partition): void {
    if (partition.length === 0 || this.#options.nowMs() < partition.expiresAt) return;
    this.#expired = [...this.#expired, ...partition.take(Number.POSITIVE_INFINITY)];
  }

  /** Grows with time, over restarts too: readers keep their place by it. */
  #nextSeq(): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, this.#options.nowMs() * 1000);
    return this.#lastSeq;
  }
}

const sweepEveryMs = 30_000;

interface ValueRow {
  seq: number;
  value: Uint8Array;
}

interface ItemRow {
  seq: number;
  queue_id: string;
  key: Uint8Array;
  expires_at: number;
  bytes: number;
}

// Ready-made statements: these run on every call, and building one costs more than running it.
const insertItems = {
  insert: "insert into queue_item (seq, queue_id, partition, expires_at, value) values",
  columns: 5,
};
const removeSql = "delete from queue_item where seq in (select value from json_each(?)) returning seq, value";
const valuesSql = "select seq, value from queue_item where seq in (select value from json_each(?))";
const itemsSql = `select seq, queue_id, partition as key, expires_at, length(value) as bytes from queue_item order by seq`;

function seqsOf(items: readonly QueuedItem[]): string {
  return JSON.stringify(items.map((item) => item.seq));
}

function bySeq(a: ValueRow, b: ValueRow): number {
  return a.seq - b.seq;
}

function queueNotFound(reference: ObjectReference): AppError {
  return new AppError("QUEUE_NOT_FOUND", notFoundWords("Queue", reference), {
    status: "NOT_FOUND",
    remedy:
      "Create it first, or look it up with `createIfMissing: true`; `modal queue list` shows those there are.",
  });
}

function queueExists(name: string): AppError {
  return new AppError("QUEUE_EXISTS", `There is a queue named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
}

function tooManyPartitions(queueId: string): AppError {
  return new AppError(
    "QUEUE_PARTITIONS_TOO_MANY",
    `The queue ${queueId} has ${queueLimits.partitions} partitions.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Empty some of them first, or use several queues.",
    },
  );
}
