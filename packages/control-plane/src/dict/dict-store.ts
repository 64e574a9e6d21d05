import { AppError } from "@dorian/base/app-error";
import type { DictEntry } from "@dorian/protocol/modal";
import { CompiledQuery, type Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import { insertRows } from "../database/insert-rows.ts";
import type { Journal } from "../database/journal.ts";
import type { Tables } from "../database/tables.ts";
import { NamedObjects } from "../named-object/named-objects.ts";

type Entry = Pick<DictEntry, "key" | "value">;

/** Bytes of entries that are in memory at a time while a dict is listed; a larger entry comes alone. */
const pageBytes = 4 * 1024 * 1024;
const pageEntries = 1000;

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

  static async load(options: { db: Database; journal: Journal }): Promise<DictStore> {
    const objects = await NamedObjects.load({
      db: options.db,
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

  async get(dictId: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    const { rows } = await this.#db.executeQuery<{ value: Uint8Array }>(
      CompiledQuery.raw(getSql, [dictId, key]),
    );
    return rows[0]?.value;
  }

  async contains(dictId: string, key: Uint8Array): Promise<boolean> {
    const { rows } = await this.#db.executeQuery(CompiledQuery.raw(containsSql, [dictId, key]));
    return rows.length > 0;
  }

  async pop(trx: Transaction<Tables>, dictId: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    const { rows } = await trx.executeQuery<{ value: Uint8Array }>(CompiledQuery.raw(popSql, [dictId, key]));
    return rows[0]?.value;
  }

  async length(dictId: string): Promise<number> {
    const { rows } = await this.#db.executeQuery<{ count: number }>(CompiledQuery.raw(lengthSql, [dictId]));
    return rows[0]?.count ?? 0;
  }

  /** Every entry, without a lock: one that is written or removed meanwhile may or may not be among them. */
  async *contents(dictId: string, wanted: { values: boolean }): AsyncGenerator<Entry> {
    let after: Uint8Array = new Uint8Array();
    let isFirst = true;
    for (;;) {
      const keys = await this.#pageOfKeys(dictId, after, isFirst, wanted);
      const last = keys.at(-1);
      if (last === undefined) return;
      if (wanted.values) yield* await this.#entries(dictId, keys[0] ?? last, last);
      else for (const key of keys) yield { key, value: new Uint8Array() };
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

  *anonymous(): Iterable<{ objectId: string; appId: string | undefined }> {
    for (const object of this.objects.all()) if (object.name === undefined) yield object;
  }

  /** Deletes all dicts of an environment. */
  async removeScope(scope: string): Promise<void> {
    const doomed = [...this.objects.all()].filter((object) => object.environment === scope);
    await Promise.all(doomed.map((object) => this.remove(object.objectId)));
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
  ): Promise<Uint8Array[]> {
    const sql = isFirst ? firstKeysSql : nextKeysSql;
    const { rows } = await this.#db.executeQuery<{ key: Uint8Array; bytes: number }>(
      CompiledQuery.raw(sql, [dictId, after]),
    );
    if (!wanted.values) return rows.map((row) => row.key);
    let bytes = 0;
    const fitting = rows.findIndex((row) => (bytes += row.bytes) > pageBytes);
    return rows.slice(0, fitting === -1 ? rows.length : Math.max(1, fitting)).map((row) => row.key);
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
const getSql = "select value from dict_entry where dict_id = ? and key = ?";
const containsSql = "select 1 from dict_entry where dict_id = ? and key = ?";
const popSql = "delete from dict_entry where dict_id = ? and key = ? returning value";
const lengthSql = "select count(*) as count from dict_entry where dict_id = ?";
const firstKeysSql = `select key, length(value) as bytes from dict_entry where dict_id = ? and key >= ?
  order by key limit ${pageEntries}`;
const nextKeysSql = `select key, length(value) as bytes from dict_entry where dict_id = ? and key > ?
  order by key limit ${pageEntries}`;
const entriesSql = `select key, value from dict_entry where dict_id = ? and key between ? and ? order by key`;

function dictNotFound(name: string): AppError {
  return new AppError("DICT_NOT_FOUND", `There is no dict "${name}".`, {
    status: "NOT_FOUND",
    remedy: "Create it first, or look it up with create_if_missing; `modal dict list` shows those there are.",
  });
}

function dictExists(name: string): AppError {
  return new AppError("DICT_EXISTS", `There is a dict named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
}
