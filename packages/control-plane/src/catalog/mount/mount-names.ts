import { AppError } from "@dorian/base/app-error";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";

/** A mount under a name. */
export interface MountName {
  /** An environment's; empty for names that all environments see. */
  scope: string;
  name: string;
  mountId: string;
  /** What the platform made it can make again. */
  madeBy: "platform" | "client";
}

export interface MountNamesOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
}

/** All mounts that have names. */
export class MountNames {
  #journal: Journal;
  #nowMs: () => number;
  #names = new Map<string, MountName>();

  private constructor(options: MountNamesOptions) {
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
  }

  static async load(options: MountNamesOptions): Promise<MountNames> {
    const names = new MountNames(options);
    for (const row of await options.db.selectFrom("mount_name").selectAll().execute()) {
      const madeBy = row.made_by === "client" ? "client" : "platform";
      names.#put({ scope: row.scope, name: row.name, mountId: row.mount_id, madeBy });
    }
    return names;
  }

  lookup(scope: string, name: string): MountName | undefined {
    return this.#names.get(keyOf({ scope, name }));
  }

  /** Mounts that nobody could make again. */
  sentMounts(): string[] {
    return [...this.#names.values()].filter((each) => each.madeBy === "client").map((each) => each.mountId);
  }

  /**
   * Gives a mount a name, which another mount may have had. Call the result once that is durable.
   *
   * @throws AppError MOUNT_EXISTS when `isNew` and the name is taken.
   */
  async give(trx: Transaction<Tables>, name: MountName, options: { isNew: boolean }): Promise<() => void> {
    const known = await trx
      .selectFrom("mount_name")
      .select("mount_id")
      .where("scope", "=", name.scope)
      .where("name", "=", name.name)
      .executeTakeFirst();
    if (options.isNew && known) throw exists(name.name);
    const row = {
      scope: name.scope,
      name: name.name,
      mount_id: name.mountId,
      made_by: name.madeBy,
      created_at: this.#nowMs(),
    };
    await trx
      .insertInto("mount_name")
      .values(row)
      .onConflict((conflict) => conflict.columns(["scope", "name"]).doUpdateSet(row))
      .execute();
    return () => this.#put(name);
  }

  /** Forgets the names of a mount that is removed. */
  async forget(mountId: string): Promise<void> {
    const named = [...this.#names.values()].filter((each) => each.mountId === mountId);
    if (named.length === 0) return;
    await this.#journal.write(async (trx) => {
      await trx.deleteFrom("mount_name").where("mount_id", "=", mountId).execute();
    });
    for (const each of named) this.#names.delete(keyOf(each));
  }

  #put(name: MountName): void {
    this.#names.set(keyOf(name), name);
  }
}

function keyOf({ scope, name }: Pick<MountName, "scope" | "name">): string {
  return `${scope}/${name}`;
}

function exists(name: string): AppError {
  return new AppError("MOUNT_EXISTS", `There is a mount named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another name, or publish it so that it replaces the one that is there.",
  });
}
