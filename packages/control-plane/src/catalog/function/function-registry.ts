import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { type FunctionChange, isPin, type FunctionRecord } from "./function-record.ts";
import { DomainIndex } from "./domain-index.ts";
import { functionNotFound } from "../../access/function-not-found.ts";
import { changedColumns, functionFromRow, rowOfFunction } from "./function-rows.ts";

/** All functions, in memory. Writers put a record here once its row is durable. */
export class FunctionRegistry {
  #records = new Map<string, FunctionRecord>();
  #byApp = new Map<string, Set<string>>();
  #bound = new Map<string, Set<string>>();
  #domains = new DomainIndex();

  static async load(db: Database): Promise<FunctionRegistry> {
    const registry = new FunctionRegistry();
    for (const row of await db.selectFrom("function").selectAll().execute()) {
      registry.put(functionFromRow(row));
    }
    return registry;
  }

  get(functionId: string): FunctionRecord | undefined {
    return this.#records.get(functionId);
  }

  /** @throws AppError FUNCTION_NOT_FOUND */
  require(functionId: string): FunctionRecord {
    const record = this.#records.get(functionId);
    if (record) return record;
    throw functionNotFound(functionId);
  }

  /** Functions of an app, bound variants and build functions included. */
  ofApp(appId: string): FunctionRecord[] {
    return this.#pick(this.#byApp.get(appId));
  }

  /** The function of an app with a tag, published or not. */
  byTag(appId: string, tag: string): FunctionRecord | undefined {
    return this.ofApp(appId).find(
      (record) => record.tag === tag && !record.isBuilder && record.baseFunctionId === undefined,
    );
  }

  /** Ids of the function and of every variant that follows it. */
  withBound(functionId: string): string[] {
    const bound = [...(this.#bound.get(functionId) ?? [])];
    return [functionId, ...bound.flatMap((id) => this.withBound(id))];
  }

  /** What says what a variant runs: the function that it follows, or a pin of that; a function itself. */
  root(record: FunctionRecord): FunctionRecord {
    if (record.baseFunctionId === undefined || isPin(record)) return record;
    return this.root(this.require(record.baseFunctionId));
  }

  all(): Iterable<FunctionRecord> {
    return this.#records.values();
  }

  /** Live functions, of running apps or not, that have a domain of their own. */
  withDomain(domain: string): FunctionRecord[] {
    return this.#pick(this.#domains.get(domain));
  }

  put(record: FunctionRecord): void {
    const before = this.#records.get(record.functionId);
    if (before) this.#domains.remove(before);
    this.#domains.add(record);
    this.#records.set(record.functionId, record);
    addTo(this.#byApp, record.appId, record.functionId);
    if (record.baseFunctionId !== undefined) addTo(this.#bound, record.baseFunctionId, record.functionId);
  }

  /** Applies a change that has become durable. */
  change(functionId: string, change: FunctionChange): void {
    this.put({ ...this.require(functionId), ...change });
  }

  removeOfApp(appId: string): void {
    for (const record of this.ofApp(appId)) {
      const { functionId } = record;
      this.#domains.remove(record);
      this.#records.delete(functionId);
      this.#bound.delete(functionId);
    }
    this.#byApp.delete(appId);
  }

  #pick(ids: Iterable<string> | undefined): FunctionRecord[] {
    return [...(ids ?? [])].map((id) => this.require(id));
  }
}

export async function insertFunction(trx: Transaction<Tables>, record: FunctionRecord): Promise<void> {
  await trx.insertInto("function").values(rowOfFunction(record)).execute();
}

/** Writes what changes of a function and leaves the rest to who else may be changing it. */
export async function updateFunction(
  trx: Transaction<Tables>,
  functionId: string,
  change: FunctionChange,
): Promise<void> {
  await trx
    .updateTable("function")
    .set(changedColumns(change))
    .where("function_id", "=", functionId)
    .execute();
}

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key) ?? new Set();
  ids.add(id);
  index.set(key, ids);
}
