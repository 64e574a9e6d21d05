import { sendInstead } from "@dorian/protocol/value/unsendable";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { pickledKey } from "@dorian/protocol/value/pickle/pickled-key";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { checkName } from "../name-rules.ts";
import { allPages } from "../named/all-pages.ts";
import type { DictKey } from "./dict-key.ts";
import { creationType } from "../named/creation-type.ts";
import { keepAlive } from "../named/keep-alive.ts";
import type { DeleteOptions, EnvironmentOption, NamedInfo, NamedOptions } from "../named/named-options.ts";
import { ObjectId } from "../named/object-id.ts";
import { StoredValues, type SchemaOption } from "../named/stored-values.ts";
import { unlessMissing } from "../named/unless-missing.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../schema/standard-schema.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";

/** Entries that one call puts at a time, at most, and bytes of values before no further one goes along. */
const batchEntries = 1_000;
const batchBytes = 8 * 1024 * 1024;

/**
 * A map that programs and containers in any language share: from keys to values, kept by the server until they are removed.
 *
 * Values are plain data, at most 64 MiB each. Python's clients find them by the same keys, and read them where they are
 * data that Python has. Each call is one step that nobody sees half of; of two that set one key at once the last one stays.
 *
 * @example
 * const colors = Dict.fromName<string, string>("colors", { createIfMissing: true });
 * await colors.set("iris", "blue");
 * console.log(await colors.get("iris"), await colors.size());
 */
export class Dict<K extends DictKey = DictKey, V = unknown, Given = V> implements AsyncIterable<[K, V]> {
  /** Empty for one without a name. */
  readonly name: string;
  #id: ObjectId;
  #values: StoredValues;

  private constructor(name: string, id: ObjectId, { schema }: Partial<SchemaOption<StandardSchema>>) {
    this.name = name;
    this.#id = id;
    this.#values = new StoredValues(name === "" ? "a dict without a name" : `dict "${name}"`, schema);
  }

  /** @internal */
  get [sendInstead]() {
    return ["a dict", "its id, await dict.id(), and find it there by Dict.fromId(id)"];
  }

  /**
   * The dict of that name, looked up at its first use, not here. The types of keys and values are given, or come from a schema.
   *
   * @throws AppError NAME_INVALID; at its first use DICT_NOT_FOUND unless `createIfMissing`
   * @example
   * const sizes = Dict.fromName<string, number>("sizes", { createIfMissing: true });
   * await sizes.set("small", 1);
   */
  static fromName<S extends StandardSchema, K extends DictKey = string>(
    name: string,
    options: NamedOptions & SchemaOption<S>,
  ): Dict<K, SchemaOutput<S>, SchemaInput<S>>;
  static fromName<K extends DictKey = DictKey, V = unknown>(name: string, options?: NamedOptions): Dict<K, V>;
  static fromName(name: string, options: NamedOptions & Partial<SchemaOption<StandardSchema>> = {}): Dict {
    const id = new ObjectId(({ modal }) => lookUp(modal, checkName("a dict", name), options));
    return new Dict(checkName("a dict", name), id, options);
  }

  /**
   * The dict with an id, such as one without a name that another program has made.
   *
   * @throws AppError at its first use DICT_NOT_FOUND
   */
  static fromId<S extends StandardSchema, K extends DictKey = string>(
    dictId: string,
    options: SchemaOption<S>,
  ): Dict<K, SchemaOutput<S>, SchemaInput<S>>;
  static fromId<K extends DictKey = DictKey, V = unknown>(dictId: string): Dict<K, V>;
  static fromId(dictId: string, options: Partial<SchemaOption<StandardSchema>> = {}): Dict {
    return new Dict("", new ObjectId(async () => dictId), options);
  }

  /**
   * Makes a dict without a name, which is gone when it is disposed of, or 15 minutes after the program that made it. Others
   * find it by `await dict.id()` and `Dict.fromId`.
   *
   * @example
   * await using seen = await Dict.ephemeral<string, boolean>();
   * await seen.set("a", true);
   */
  static ephemeral<S extends StandardSchema, K extends DictKey = string>(
    options: EnvironmentOption & SchemaOption<S>,
  ): Promise<Dict<K, SchemaOutput<S>, SchemaInput<S>> & AsyncDisposable>;
  static ephemeral<K extends DictKey = DictKey, V = unknown>(
    options?: EnvironmentOption,
  ): Promise<Dict<K, V> & AsyncDisposable>;
  static async ephemeral(
    options: EnvironmentOption & Partial<SchemaOption<StandardSchema>> = {},
  ): Promise<Dict & AsyncDisposable> {
    const { modal } = await transport();
    const { dictId } = await modal.dictGetOrCreate({
      objectCreationType: ObjectCreationType.EPHEMERAL,
      environmentName: options.environment ?? "",
    });
    const life = keepAlive({
      heartbeat: () => modal.dictHeartbeat({ dictId }),
      remove: (wait) => modal.dictDelete({ dictId }, wait),
    });
    return Object.assign(new Dict("", new ObjectId(async () => dictId), options), life);
  }

  /**
   * Deletes a dict with all that is in it.
   *
   * @throws AppError DICT_NOT_FOUND unless `allowMissing`
   * @example
   * await Dict.delete("old-settings", { allowMissing: true });
   */
  static async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    const { modal } = await transport();
    const found = lookUp(modal, checkName("a dict", name), { environment: options.environment });
    const dictId = await unlessMissing(found, missing, options.allowMissing);
    if (dictId !== undefined)
      await unlessMissing(modal.dictDelete({ dictId }), missing, options.allowMissing);
  }

  /**
   * The dicts that have a name, newest first.
   *
   * @example
   * for (const { name, createdAt } of await Dict.list()) console.log(name, createdAt);
   */
  static async list({ environment = "" }: EnvironmentOption = {}): Promise<NamedInfo[]> {
    const { modal } = await transport();
    const found = await allPages(
      async (pagination) => (await modal.dictList({ environmentName: environment, pagination })).dicts,
    );
    return found.map(({ name, createdAt }) => ({ name, createdAt: new Date(createdAt * 1000) }));
  }

  /** Its id on the server. */
  async id(): Promise<string> {
    return (await this.#id.here()).id;
  }

  /** The value of a key; undefined where there is none. */
  async get(key: K, options: WaitOptions = {}): Promise<V | undefined> {
    const { modal, id } = await this.#id.here(options.signal);
    const { found, value } = await modal.dictGet(
      { dictId: id, key: pickledKey(key) },
      callOptions(options.signal),
    );
    return found && value ? await this.#read(value, key) : undefined;
  }

  /** Whether there is a value for a key. */
  async has(key: K, options: WaitOptions = {}): Promise<boolean> {
    const { modal, id } = await this.#id.here(options.signal);
    return (await modal.dictContains({ dictId: id, key: pickledKey(key) }, callOptions(options.signal)))
      .found;
  }

  /**
   * Puts a value, over any that is there.
   *
   * @throws AppError VALUE_INVALID, VALUE_NOT_SERIALISABLE, VALUE_TOO_LARGE, DICT_KEY_INVALID
   */
  async set(key: K, value: Given, options: WaitOptions = {}): Promise<void> {
    await this.#put(key, value, false, options);
  }

  /**
   * Puts a value unless there is one. True when it was put: of many who do so at once for one key, one gets true.
   *
   * @example
   * const leader = Dict.fromName<string, string>("leader", { createIfMissing: true });
   * if (await leader.setIfAbsent("worker", "me")) console.log("I lead.");
   */
  async setIfAbsent(key: K, value: Given, options: WaitOptions = {}): Promise<boolean> {
    return await this.#put(key, value, true, options);
  }

  /**
   * Puts many values, over those that are there: of a Map, an object, or any list of pairs. They go in by 1,000, and by 8 MiB, each
   * time all of them or none.
   */
  async update(
    entries: Iterable<readonly [K, Given]> | (string extends K ? Readonly<Record<string, Given>> : never),
    options: WaitOptions = {},
  ): Promise<void> {
    const { modal, id } = await this.#id.here(options.signal);
    const pairs = (Symbol.iterator in entries ? entries : Object.entries(entries)) as Iterable<
      readonly [K, Given]
    >;
    let updates: { key: Uint8Array; value: Uint8Array }[] = [];
    let bytes = 0;
    const send = async () => {
      if (updates.length > 0) await modal.dictUpdate({ dictId: id, updates }, callOptions(options.signal));
      updates = [];
      bytes = 0;
    };
    for (const [key, given] of pairs) {
      const update = { key: pickledKey(key), value: await this.#written(key, given) };
      updates.push(update);
      bytes += update.key.length + update.value.length;
      if (updates.length >= batchEntries || bytes >= batchBytes) await send();
    }
    await send();
  }

  /**
   * Takes a value out; undefined where there is none. Of many who do so at once for one key, one gets it. A value that cannot be read, or
   * is not as the schema wants it, is taken out all the same: the error has it.
   *
   * @throws TakenError VALUE_INVALID, VALUE_NOT_READABLE
   */
  async pop(key: K, options: WaitOptions = {}): Promise<V | undefined> {
    const { modal, id } = await this.#id.here(options.signal);
    const { found, value } = await modal.dictPop(
      { dictId: id, key: pickledKey(key) },
      callOptions(options.signal),
    );
    if (!found || !value) return undefined;
    const [taken] = await this.#values.readTaken([value], valueOf(key));
    return taken as V;
  }

  /** Removes a value. True when there was one. */
  async delete(key: K, options: WaitOptions = {}): Promise<boolean> {
    const { modal, id } = await this.#id.here(options.signal);
    return (await modal.dictPop({ dictId: id, key: pickledKey(key) }, callOptions(options.signal))).found;
  }

  /** Removes all values. */
  async clear(options: WaitOptions = {}): Promise<void> {
    const { modal, id } = await this.#id.here(options.signal);
    await modal.dictClear({ dictId: id }, callOptions(options.signal));
  }

  /** How many values there are. */
  async size(options: WaitOptions = {}): Promise<number> {
    const { modal, id } = await this.#id.here(options.signal);
    return (await modal.dictLen({ dictId: id }, callOptions(options.signal))).len;
  }

  /** The keys, in no particular order. What is put or removed meanwhile may be among them or not; that holds for values and entries, too. */
  async *keys(options: WaitOptions = {}): AsyncGenerator<K> {
    for await (const { key } of this.#contents({ keys: true, values: false }, options))
      yield this.#readKey(key);
  }

  /** The values, in no particular order. */
  async *values(options: WaitOptions = {}): AsyncGenerator<V> {
    for await (const [, value] of this.entries(options)) yield value;
  }

  /** Keys with their values, in no particular order. */
  async *entries(options: WaitOptions = {}): AsyncGenerator<[K, V]> {
    for await (const { key, value } of this.#contents({ keys: true, values: true }, options)) {
      const read = this.#readKey(key);
      yield [read, await this.#read(value, read)];
    }
  }

  /** As {@link entries}: `for await (const [key, value] of dict)`. */
  [Symbol.asyncIterator](): AsyncGenerator<[K, V]> {
    return this.entries();
  }

  async #put(key: K, value: Given, ifNotExists: boolean, options: WaitOptions): Promise<boolean> {
    const updates = [{ key: pickledKey(key), value: await this.#written(key, value) }];
    const { modal, id } = await this.#id.here(options.signal);
    return (await modal.dictUpdate({ dictId: id, updates, ifNotExists }, callOptions(options.signal)))
      .created;
  }

  async *#contents(wanted: { keys: boolean; values: boolean }, options: WaitOptions) {
    const { modal, id } = await this.#id.here(options.signal);
    yield* modal.dictContents({ dictId: id, ...wanted }, callOptions(options.signal));
  }

  async #written(key: K, value: Given): Promise<Uint8Array> {
    return await this.#values.write(value, valueOf(key));
  }

  async #read(value: Uint8Array, key: K): Promise<V> {
    return (await this.#values.read(value, valueOf(key))) as V;
  }

  #readKey(key: Uint8Array): K {
    return this.#values.readPlain(key, "a key") as K;
  }
}

function valueOf(key: DictKey): string {
  const shown = typeof key === "string" ? JSON.stringify(key.slice(0, 80)) : String(key).slice(0, 80);
  return `the value of ${shown}`;
}

const missing = "DICT_NOT_FOUND";

async function lookUp(modal: Transport["modal"], name: string, options: NamedOptions): Promise<string> {
  const { dictId } = await modal.dictGetOrCreate({
    deploymentName: name,
    environmentName: options.environment ?? "",
    objectCreationType: creationType(options),
  });
  return dictId;
}
