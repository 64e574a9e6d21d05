import { AppError } from "@dorian/base/app-error";
import { smallAnswerBytes } from "@dorian/protocol/http2/limits";
import type { DictEntry } from "@dorian/protocol/modal";
import type { TakeRoom } from "@dorian/protocol/service";
import { CompiledQuery, type Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import { insertRows } from "../../database/insert-rows.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import { NamedObjects } from "../named-object/named-objects.ts";
import type { NamedObject } from "../named-object/named-object.ts";
import { notFoundWords, type ObjectReference } from "../../access/not-found-words.ts";

/** A value, unless it is large. */
interface FoundRow {
  bytes: number;
  value: Uint8Array | null;
}

type Entry = Pick<DictEntry, "key" | "value">;

/** Values up to this size are read at once; there has to be room for a larger one. */
export const smallValueBytes = smallAnswerBytes;

/** Bytes of entries that are in memory at a time while a dict is listed; a larger entry comes alone. */
const pageBytes = 4 * 1024 * 1024;
const pageEntries = 1000;

/** A value for which room has to be taken before it is read. */
export class LargeValue extends Error {
  readonly bytes: number;

  constructor(bytes: number) {
    super(`a value of ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** Dicts and what they hold. Entries stay in the database: values may be large, and SQLite finds a key in microseconds. */
export class DictStore {
  readonly objects: NamedObjects;
  #db: Database;
  #journal: Journal;

  private constructor(options: { db: Database; journal: Journal; objects: NamedObjects }) {
    this.objects = options.objects;
    this.#db = options.db;
    this.#journal = options.journal;
  }

  static async load(options: { db: Database; journal: Journal; nowMs: () => number }): Promise<DictStore> {
    const objects = await NamedObjects.load({
      db: options.db,
      nowMs: options.nowMs,
      kind: "dict",
      prefix: "di",
      notFound: dictNotFound,
      exists: dictExists,
    });
    return new DictStore({ ...options, objects });
  }

  /** True when at least one entry is new or, without `ifNotExists`, was written. */
  async update(
    trx: Transaction<Tables>,
    dictId: string,
    entries: readonly Entry[],
    options: { ifNotExists: boolean },
  ): Promise<boolean> {
    const rows = entries.map(({ key, value }) => [dictId, key, value]);
    return (await insertRows(trx, options.ifNotExists ? insertNew : insertOrReplace, rows)) > 0;
  }

  /** `takeRoom` is asked before a large value is read. */
  async get(
    dictId: string,
    key: Uint8Array,
    takeRoom: TakeRoom | undefined,
  ): Promise<Uint8Array | undefined> {
    const of = [dictId, key];
    const found = await this.#db.executeQuery<FoundRow>(CompiledQuery.raw(findSql, of));
    const [row] = found.rows;
    if (!row || row.value) return row?.value ?? undefined;
    await takeRoom?.(row.bytes);
    const { rows } = await this.#db.executeQuery<{ value: Uint8Array }>(CompiledQuery.raw(getSql, of));
    return rows[0]?.value;
  }

  async contains(dictId: string, key: Uint8Array): Promise<boolean> {
    const { rows } = await this.#db.executeQuery(CompiledQuery.raw(containsSql, [dictId, key]));
    return rows.length > 0;
  }

  /** @throws LargeValue, when the value has more than `mostBytes`: it stays where it is */
  async pop(
    trx: Transaction<Tables>,
    dictId: string,
    key: Uint8Array,
    { mostBytes }: { mostBytes: number },
  ): Promise<Uint8Array | undefined> {
    const popped = CompiledQuery.raw(popSql, [dictId, key, mostBytes]);
    const [row] = (await trx.executeQuery<{ value: Uint8Array }>(popped)).rows;
    if (row) return row.value;
    const [left] = (await trx.executeQuery<FoundRow>(CompiledQuery.raw(findSql, [dictId, key]))).rows;
    if (left) throw new LargeValue(left.bytes);
    return undefined;
  }

  async length(dictId: string): Promise<number> {
    const { rows } = await this.#db.executeQuery<{ count: number }>(CompiledQuery.raw(lengthSql, [dictId]));
    return rows[0]?.count ?? 0;
  }

  /** Every entry, without a lock: one that is written or removed meanwhile may or may not be among them. */
  async *contents(
    dictId: string,
    wanted: { values: boolean; takeRoom: TakeRoom | undefined },
  ): AsyncGenerator<Entry> {
    let after: Uint8Array = new Uint8Array();
    let isFirst = true;
    for (;;) {
      const { keys, bytes } = await this.#pageOfKeys(dictId, after, isFirst, wanted);
      const last = keys.at(-1);
      if (last === undefined) return;
      if (wanted.values) {
        await wanted.takeRoom?.(bytes);
        yield* await this.#entries(dictId, keys[0] ?? last, last);
      } else for (const key of keys) yield { key, value: new Uint8Array() };
      after = last;
      isFirst = false;
    }
  }

  async clear(trx: Transaction<Tables>, dictId: string): Promise<void> {
    await trx.deleteFrom("dict_entry").where("dict_id", "=", dictId).execute();
  }

  async delete(trx: Transaction<Tables>, dictId: string): Promise<() => void> {
    this.objects.require(dictId);
    await this.clear(trx, dictId);
    return await this.objects.delete(trx, dictId);
  }

  anonymous(): Iterable<NamedObject> {
    return this.objects.anonymous();
  }

  /** Deletes all dicts of an environment. */
  async removeScope(scope: string): Promise<void> {
    await Promise.all(this.objects.inScope(scope).map(({ objectId }) => this.remove(objectId)));
  }

  async remove(dictId: string): Promise<void> {
    await this.#journal.write(
      (trx) => this.delete(trx, dictId),
      (committed) => committed(),
    );
  }

  async #pageOfKeys(
    dictId: string,
    after: Uint8Array,
    isFirst: boolean,
    wanted: { values: boolean },
  ): Promise<{ keys: Uint8Array[]; bytes: number }> {
    const sql = isFirst ? firstKeysSql : nextKeysSql;
    const { rows } = await this.#db.executeQuery<{ key: Uint8Array; bytes: number }>(
      CompiledQuery.raw(sql, [dictId, after]),
    );
    if (!wanted.values) return { keys: rows.map((row) => row.key), bytes: 0 };
    const keys: Uint8Array[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (keys.length > 0 && bytes + row.bytes > pageBytes) break;
      keys.push(row.key);
      bytes += row.bytes;
    }
    return { keys, bytes };
  }

  async #entries(dictId: string, from: Uint8Array, to: Uint8Array): Promise<Entry[]> {
    const { rows } = await this.#db.executeQuery<Entry>(CompiledQuery.raw(entriesSql, [dictId, from, to]));
    return rows;
  }
}

// Ready-made statements: these run on every call, and building one costs more than running it.
const insertEntries = { insert: "insert into dict_entry (dict_id, key, value) values", columns: 3 };
const insertNew = { ...insertEntries, end: "on conflict (dict_id, key) do nothing" };
const insertOrReplace = {
  ...insertEntries,
  end: "on conflict (dict_id, key) do update set value = excluded.value",
};
const findSql = `select length(value) as bytes, case when length(value) <= ${smallValueBytes} then value end as value
  from dict_entry where dict_id = ? and key = ?`;
const getSql = "select value from dict_entry where dict_id = ? and key = ?";
const containsSql = "select 1 from dict_entry where dict_id = ? and key = ?";
const popSql = "delete from dict_entry where dict_id = ? and key = ? and length(value) <= ? returning value";
const lengthSql = "select count(*) as count from dict_entry where dict_id = ?";
const firstKeysSql = `select key, length(value) as bytes from dict_entry where dict_id = ? and key >= ?
  order by key limit ${pageEntries}`;
const nextKeysSql = `select key, length(value) as bytes from dict_entry where dict_id = ? and key > ?
  order by key limit ${pageEntries}`;
const entriesSql = `select key, value from dict_entry where dict_id = ? and key between ? and ? order by key`;

function dictNotFound(reference: ObjectReference): AppError {
  return new AppError("DICT_NOT_FOUND", notFoundWords("Dict", reference), {
    status: "NOT_FOUND",
    remedy:
      "Create it first, or look it up with `createIfMissing: true`; `modal dict list` shows those there are.",
  });
}

function dictExists(name: string): AppError {
  return new AppError("DICT_EXISTS", `There is a dict named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
}
