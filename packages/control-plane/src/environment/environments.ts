import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import { checkObjectName } from "./object-name.ts";

export const defaultEnvironment = "main";

export interface Environment {
  environmentId: string;
  name: string;
}

/** Name spaces of apps, volumes and secrets. There is always "main". */
export class Environments {
  #byName: Map<string, Environment>;
  #journal: Journal;

  private constructor(journal: Journal, all: Environment[]) {
    this.#journal = journal;
    this.#byName = new Map(all.map((each) => [each.name, each]));
  }

  static async load(options: { db: Database; journal: Journal }): Promise<Environments> {
    const rows = await options.db.selectFrom("environment").selectAll().execute();
    const environments = new Environments(
      options.journal,
      rows.map((row) => ({ environmentId: row.environment_id, name: row.name })),
    );
    await environments.getOrCreate(defaultEnvironment);
    return environments;
  }

  /** Empty means "main". @throws AppError ENVIRONMENT_NOT_FOUND */
  require(name: string): Environment {
    const environment = this.#byName.get(name || defaultEnvironment);
    if (environment) return environment;
    throw new AppError("ENVIRONMENT_NOT_FOUND", `There is no environment named "${name}".`, {
      status: "NOT_FOUND",
      remedy: `Leave the environment out to use "${defaultEnvironment}".`,
    });
  }

  lookup(name: string): Environment | undefined {
    return this.#byName.get(name);
  }

  async getOrCreate(name: string): Promise<Environment> {
    const known = this.#byName.get(name);
    if (known) return known;
    checkObjectName("an environment", name);
    const row = { environment_id: newId("en"), name, created_at: Date.now() };
    const stored = await this.#journal.write(async (trx) => {
      await trx
        .insertInto("environment")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      return await trx
        .selectFrom("environment")
        .selectAll()
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
    });
    const environment = { environmentId: stored.environment_id, name };
    this.#byName.set(name, environment);
    return environment;
  }
}
