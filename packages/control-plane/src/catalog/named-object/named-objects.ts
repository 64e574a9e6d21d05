import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { CompiledQuery, type Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";
import type { ObjectKind } from "./get-or-create.ts";
import type { ObjectReference } from "../../access/not-found-words.ts";
import { objectFromRow } from "./named-object-rows.ts";
import type { NamedObject } from "./named-object.ts";

export interface NamedObjectsOptions {
  db: Database;
  nowMs: () => number;
  kind: "dict" | "queue";
  prefix: "di" | "qu";
  notFound: (reference: ObjectReference) => AppError;
  exists: (name: string) => AppError;
}

/** All objects of one kind, in memory. */
export class NamedObjects implements ObjectKind<NamedObject> {
  readonly noun: string;
  readonly notFound: (reference: ObjectReference) => AppError;
  readonly exists: (name: string) => AppError;
  #options: NamedObjectsOptions;
  #objects = new Map<string, NamedObject>();
  #ids = new Map<string, string>();
  #lastCreatedAt = 0;

  private constructor(options: NamedObjectsOptions) {
    this.#options = options;
    this.noun = `a ${options.kind}`;
    this.notFound = options.notFound;
    this.exists = options.exists;
  }

  static async load(options: NamedObjectsOptions): Promise<NamedObjects> {
    const objects = new NamedObjects(options);
    const rows = await options.db
      .selectFrom("named_object")
      .selectAll()
      .where("kind", "=", options.kind)
      .execute();
    for (const row of rows) objects.#put(objectFromRow(row));
    return objects;
  }

  get(objectId: string): NamedObject | undefined {
    return this.#objects.get(objectId);
  }

  /** @throws AppError what `notFound` makes */
  require(objectId: string): NamedObject {
    const object = this.#objects.get(objectId);
    if (object) return object;
    throw this.notFound({ id: objectId });
  }

  /** Requires an object in a transaction, for work that may have waited while others deleted it. @throws AppError what `notFound` makes */
  async requireIn(trx: Transaction<Tables>, objectId: string): Promise<void> {
    const { rows } = await trx.executeQuery(CompiledQuery.raw(aliveSql, [objectId]));
    if (rows.length === 0) throw this.notFound({ id: objectId });
  }

  named(scope: string, name: string): NamedObject | undefined {
    return this.#objects.get(this.#ids.get(`${scope}/${name}`) ?? "");
  }

  all(): Iterable<NamedObject> {
    return this.#objects.values();
  }

  anonymous(): Iterable<NamedObject> {
    return this.#objects.values().filter(({ name }) => name === undefined);
  }

  inScope(scope: string): NamedObject[] {
    return [...this.#objects.values()].filter((object) => object.scope === scope);
  }

  async find(trx: Transaction<Tables>, scope: string, name: string): Promise<NamedObject | undefined> {
    const row = await trx
      .selectFrom("named_object")
      .selectAll()
      .where("kind", "=", this.#options.kind)
      .where("environment", "=", scope)
      .where("name", "=", name)
      .executeTakeFirst();
    return row && objectFromRow(row);
  }

  async insert(
    trx: Transaction<Tables>,
    options: Pick<NamedObject, "scope" | "name" | "appId" | "createdBy">,
  ): Promise<{ object: NamedObject; committed: () => void }> {
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt + 1, this.#options.nowMs());
    const object = { ...options, objectId: newId(this.#options.prefix), createdAtMs: this.#lastCreatedAt };
    await trx
      .insertInto("named_object")
      .values({
        object_id: object.objectId,
        kind: this.#options.kind,
        environment: object.scope,
        name: object.name ?? null,
        app_id: object.appId ?? null,
        created_at: object.createdAtMs,
        created_by: object.createdBy,
      })
      .execute();
    return { object, committed: () => this.#put(object) };
  }

  /** Removes the object's own row; what it holds is its kind's affair. Call the result once that is durable. */
  async delete(trx: Transaction<Tables>, objectId: string): Promise<() => void> {
    await trx.deleteFrom("named_object").where("object_id", "=", objectId).execute();
    return () => this.#remove(objectId);
  }

  #put(object: NamedObject): void {
    this.#objects.set(object.objectId, object);
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt, object.createdAtMs);
    if (object.name !== undefined) this.#ids.set(`${object.scope}/${object.name}`, object.objectId);
  }

  #remove(objectId: string): void {
    const object = this.#objects.get(objectId);
    if (!object) return;
    this.#objects.delete(objectId);
    const key = `${object.scope}/${object.name}`;
    if (this.#ids.get(key) === objectId) this.#ids.delete(key);
  }
}

const aliveSql = "select 1 from named_object where object_id = ?";

/** What every answer about a named object says. */
export function metadataOf(object: NamedObject) {
  return {
    name: object.name ?? "",
    creationInfo: { createdAt: object.createdAtMs / 1000, createdBy: object.createdBy },
  };
}
