import { sendInstead } from "@dorian/protocol/value/unsendable";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";
import { checkName } from "../name-rules.ts";
import { allPages } from "../named/all-pages.ts";
import { creationType } from "../named/creation-type.ts";
import { keepAlive } from "../named/keep-alive.ts";
import type { DeleteOptions, EnvironmentOption, NamedInfo, NamedOptions } from "../named/named-options.ts";
import { ObjectId } from "../named/object-id.ts";
import { StoredValues, type SchemaOption } from "../named/stored-values.ts";
import { unlessMissing } from "../named/unless-missing.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../schema/standard-schema.ts";
import { peekItems } from "./peek-items.ts";
import { putItems } from "./put-items.ts";
import { takeItems } from "./take-items.ts";

/** Which of a queue's partitions is meant. */
export interface PartitionOption {
  /** Its key, at most 64 bytes. Default: the partition without a key. */
  partition?: string | undefined;
}

/** Where items are put, and for how long. */
export interface PutOptions extends PartitionOption, WaitOptions {
  /** Seconds after its last put at which the partition loses what is in it. Default 86,400, a day. */
  partitionTtl?: number | undefined;
  /** Seconds to wait for room in a partition that is full; 0 does not wait. Default: for as long as it takes. */
  timeout?: number | undefined;
}

/** Where items are taken from, and how long they are waited for. */
export interface TakeOptions extends PartitionOption, WaitOptions {
  /** Seconds to wait for an item; 0 does not wait. Default: for as long as it takes. */
  timeout?: number | undefined;
}

/** A queue as it is listed. */
export interface QueueInfo extends NamedInfo {
  /** How many items are in it, in all partitions together. */
  items: number;
  /** How many partitions hold something. */
  partitions: number;
}

/**
 * Items in the order in which they were put, for programs and containers in any language: each is taken once. A queue has as many
 * partitions as it is asked for, each with an order of its own: at most 100,000 that hold something, each at most 5,000 items, an item
 * at most 1 MiB.
 *
 * Items are plain data; Python's clients read and write them where they are data that Python has. Whoever waits for items is served
 * in the order of coming. What is put is on the server's disk before `put` ends; what is taken is gone, whatever becomes of its taker.
 *
 * @example
 * const jobs = Queue.fromName<{ url: string }>("jobs", { createIfMissing: true });
 * await jobs.put({ url: "https://example.com" });
 * const job = await jobs.get();
 * console.log(job.url);
 */
export class Queue<T = unknown, Given = T> implements AsyncIterable<T> {
  /** Empty for one without a name. */
  readonly name: string;
  #id: ObjectId;
  #items: StoredValues;

  private constructor(name: string, id: ObjectId, { schema }: Partial<SchemaOption<StandardSchema>>) {
    this.name = name;
    this.#id = id;
    this.#items = new StoredValues(name === "" ? "a queue without a name" : `queue "${name}"`, schema);
  }

  /** @internal */
  get [sendInstead]() {
    return ["a queue", "its id, await queue.id(), and find it there by Queue.fromId(id)"];
  }

  /**
   * The queue of that name, looked up at its first use, not here. The type of its items is given, or comes from a schema.
   *
   * @throws AppError NAME_INVALID; at its first use QUEUE_NOT_FOUND unless `createIfMissing`
   * @example
   * const numbers = Queue.fromName<number>("numbers", { createIfMissing: true });
   * await numbers.putMany([1, 2, 3], { partition: "small", partitionTtl: 60 });
   */
  static fromName<S extends StandardSchema>(
    name: string,
    options: NamedOptions & SchemaOption<S>,
  ): Queue<SchemaOutput<S>, SchemaInput<S>>;
  static fromName<T = unknown>(name: string, options?: NamedOptions): Queue<T>;
  static fromName(name: string, options: NamedOptions & Partial<SchemaOption<StandardSchema>> = {}): Queue {
    checkName("a queue", name);
    return new Queue(name, new ObjectId(({ modal }) => lookUp(modal, name, options)), options);
  }

  /**
   * The queue with an id, such as one without a name that another program has made.
   *
   * @throws AppError at its first use QUEUE_NOT_FOUND
   */
  static fromId<S extends StandardSchema>(
    queueId: string,
    options: SchemaOption<S>,
  ): Queue<SchemaOutput<S>, SchemaInput<S>>;
  static fromId<T = unknown>(queueId: string): Queue<T>;
  static fromId(queueId: string, options: Partial<SchemaOption<StandardSchema>> = {}): Queue {
    return new Queue("", new ObjectId(async () => queueId), options);
  }

  /**
   * Makes a queue without a name, which is gone when it is disposed of, or 15 minutes after the program that made it. Others
   * find it by `await queue.id()` and `Queue.fromId`.
   *
   * @example
   * await using results = await Queue.ephemeral<number>();
   * await results.put(1);
   */
  static ephemeral<S extends StandardSchema>(
    options: EnvironmentOption & SchemaOption<S>,
  ): Promise<Queue<SchemaOutput<S>, SchemaInput<S>> & AsyncDisposable>;
  static ephemeral<T = unknown>(options?: EnvironmentOption): Promise<Queue<T> & AsyncDisposable>;
  static async ephemeral(
    options: EnvironmentOption & Partial<SchemaOption<StandardSchema>> = {},
  ): Promise<Queue & AsyncDisposable> {
    const { modal } = await transport();
    const { queueId } = await modal.queueGetOrCreate({
      objectCreationType: ObjectCreationType.EPHEMERAL,
      environmentName: options.environment ?? "",
    });
    const life = keepAlive({
      heartbeat: () => modal.queueHeartbeat({ queueId }),
      remove: (wait) => modal.queueDelete({ queueId }, wait),
    });
    return Object.assign(new Queue("", new ObjectId(async () => queueId), options), life);
  }

  /**
   * Deletes a queue with all that is in it. Whoever waits for items of it gets QUEUE_NOT_FOUND.
   *
   * @throws AppError QUEUE_NOT_FOUND unless `allowMissing`
   * @example
   * await Queue.delete("old-jobs", { allowMissing: true });
   */
  static async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    const { modal } = await transport();
    checkName("a queue", name);
    const found = lookUp(modal, name, { environment: options.environment });
    const queueId = await unlessMissing(found, missing, options.allowMissing);
    if (queueId !== undefined)
      await unlessMissing(modal.queueDelete({ queueId }), missing, options.allowMissing);
  }

  /**
   * The queues that have a name, newest first.
   *
   * @example
   * for (const { name, items } of await Queue.list()) console.log(name, items);
   */
  static async list({ environment = "" }: EnvironmentOption = {}): Promise<QueueInfo[]> {
    const { modal } = await transport();
    const found = await allPages(
      async (pagination) => (await modal.queueList({ environmentName: environment, pagination })).queues,
    );
    return found.map(({ name, createdAt, totalSize, numPartitions }) => ({
      name,
      createdAt: new Date(createdAt * 1000),
      items: totalSize,
      partitions: numPartitions,
    }));
  }

  /** Its id on the server. */
  async id(): Promise<string> {
    return (await this.#id.here()).id;
  }

  /**
   * Puts an item at the end.
   *
   * @throws AppError QUEUE_FULL when there is no room in time; QUEUE_PUT_TOO_LARGE, VALUE_INVALID, VALUE_NOT_SERIALISABLE
   */
  async put(item: Given, options: PutOptions = {}): Promise<void> {
    await this.putMany([item], options);
  }

  /** Puts items at the end, at most 5,000 in all 64 MiB: all of them at once, or none. */
  async putMany(items: Iterable<Given>, options: PutOptions = {}): Promise<void> {
    const values: Uint8Array[] = [];
    for (const item of items) values.push(await this.#items.write(item, `item ${values.length + 1}`));
    if (values.length > 0) await putItems(await this.#wire(options), values, options);
  }

  /**
   * Takes the first item, and waits until there is one. With a `timeout` it waits no longer than that, and gives undefined.
   *
   * An item that was taken when the signal aborts is given all the same, unless the server cannot be asked for it within five seconds:
   * then it is lost. An item that cannot be read, or is not as the schema wants it, is taken as well: the error has it.
   *
   * @throws AppError OPTION_INVALID; TakenError VALUE_INVALID, VALUE_NOT_READABLE
   */
  get(options?: TakeOptions & { timeout?: undefined }): Promise<T>;
  get(options: TakeOptions): Promise<T | undefined>;
  async get(options: TakeOptions = {}): Promise<T | undefined> {
    const [item] = await this.getMany(1, options);
    return item;
  }

  /**
   * Takes the first items: as many as there are, up to `max`, as soon as there is one. None when the `timeout` is over.
   *
   * Where one of them cannot be read, or is not as the schema wants it, it fails with a {@link TakenError}, which has all that it took.
   *
   * @throws AppError OPTION_INVALID; TakenError VALUE_INVALID, VALUE_NOT_READABLE
   */
  async getMany(max: number, options: TakeOptions = {}): Promise<T[]> {
    const values = await takeItems(await this.#wire(options), max, options);
    return (await this.#items.readTaken(values, "an item")) as T[];
  }

  /**
   * Takes items one after the other, each when it is asked for, and waits for more. With a `timeout` it ends when so many seconds
   * have brought none; when the signal aborts it rejects with its reason.
   *
   * @example
   * const tasks = Queue.fromName<string>("tasks", { createIfMissing: true });
   * for await (const task of tasks.consume({ timeout: 0 })) console.log(task);
   */
  async *consume(options: TakeOptions = {}): AsyncGenerator<T> {
    for (;;) {
      const items = await this.getMany(1, options);
      if (items.length === 0) return;
      yield* items;
    }
  }

  /** As {@link consume}, of the partition without a key, without an end: `for await (const item of queue)`. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    return this.consume();
  }

  /**
   * Reads items from the first on, and leaves them in the queue. It ends with the last one; with a `timeout`, when so many seconds have
   * brought no further one.
   */
  async *peek(options: TakeOptions = {}): AsyncGenerator<T> {
    for await (const value of peekItems(await this.#wire(options), options))
      yield (await this.#items.read(value, "an item")) as T;
  }

  /** How many items there are: in one partition, or `total` in all of them. */
  async size(options: PartitionOption & { total?: boolean | undefined } & WaitOptions = {}): Promise<number> {
    const { modal, ...which } = await this.#wire(options);
    return (await modal.queueLen({ ...which, total: options.total ?? false }, callOptions(options.signal)))
      .len;
  }

  /** Removes all items: of one partition, or of `all`. */
  async clear(options: PartitionOption & { all?: boolean | undefined } & WaitOptions = {}): Promise<void> {
    const { modal, ...which } = await this.#wire(options);
    await modal.queueClear({ ...which, allPartitions: options.all ?? false }, callOptions(options.signal));
  }

  async #wire({ partition = "", signal }: PartitionOption & WaitOptions) {
    const { modal, id } = await this.#id.here(signal);
    return { modal, queueId: id, partitionKey: Buffer.from(partition) };
  }
}

const missing = "QUEUE_NOT_FOUND";

async function lookUp(modal: Transport["modal"], name: string, options: NamedOptions): Promise<string> {
  const { queueId } = await modal.queueGetOrCreate({
    deploymentName: name,
    environmentName: options.environment ?? "",
    objectCreationType: creationType(options),
  });
  return queueId;
}
