import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { must } from "@dorian/base/must";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { checkObjectName } from "../object-name.ts";
import { notFoundWords } from "../not-found-words.ts";
import { environmentFromRow, rowOfEnvironment } from "./environment-rows.ts";
import type { Environment } from "./environment.ts";

export const defaultEnvironment = "main";

export interface EnvironmentsOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
}

/** Name spaces of apps, volumes, secrets, dicts and queues. There is always a default one. */
export class Environments {
  #byName = new Map<string, Environment>();
  /** Names by scope, those of deleted environments included. */
  #names = new Map<string, string>();
  #journal: Journal;
  #nowMs: () => number;

  private constructor(options: EnvironmentsOptions) {
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
  }

  static async load(options: EnvironmentsOptions): Promise<Environments> {
    const environments = new Environments(options);
    for (const row of await options.db.selectFrom("environment").selectAll().execute()) {
      environments.#names.set(row.scope, row.name ?? row.scope);
      if (row.name !== null) environments.#put(environmentFromRow({ ...row, name: row.name }));
    }
    if (!environments.#names.has(defaultEnvironment)) await environments.getOrCreate(defaultEnvironment);
    return environments;
  }

  /** Empty means the default one. @throws AppError ENVIRONMENT_NOT_FOUND */
  require(name: string): Environment {
    const environment = name === "" ? this.default : this.#byName.get(name);
    if (environment) return environment;
    throw new AppError("ENVIRONMENT_NOT_FOUND", notFoundWords("Environment", { name }), {
      status: "NOT_FOUND",
      remedy: `Leave the environment out to use "${this.default.name}"; there are: ${this.names().join(", ")}.`,
    });
  }

  get default(): Environment {
    const name = this.nameOf(defaultEnvironment);
    return must(this.#byName.get(name), "the default environment");
  }

  lookup(name: string): Environment | undefined {
    return this.#byName.get(name);
  }

  /** The name that people know a scope by. */
  nameOf(scope: string): string {
    return this.#names.get(scope) ?? scope;
  }

  names(): string[] {
    return [...this.#byName.keys()].toSorted();
  }

  /** Oldest first. */
  all(): Environment[] {
    return [...this.#byName.values()].toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async getOrCreate(name: string): Promise<Environment> {
    const known = this.#byName.get(name);
    if (known) return known;
    checkObjectName("an environment", name);
    const environmentId = newId("en");
    const environment: Environment = {
      environmentId,
      name,
      scope: this.#names.has(name) ? environmentId : name,
      webSuffix: name === defaultEnvironment ? "" : name,
      imageBuilderVersion: undefined,
      createdAtMs: this.#nowMs(),
    };
    const stored = await this.#journal.write(
      async (trx) => {
        await trx
          .insertInto("environment")
          .values(rowOfEnvironment(environment))
          .onConflict((conflict) => conflict.column("name").doNothing())
          .execute();
        const row = await trx
          .selectFrom("environment")
          .selectAll()
          .where("name", "=", name)
          .executeTakeFirstOrThrow();
        return environmentFromRow({ ...row, name });
      },
      (made) => this.#put(made),
    );
    return stored;
  }

  /** @throws AppError ENVIRONMENT_EXISTS */
  async update(
    environment: Environment,
    change: Partial<Pick<Environment, "name" | "webSuffix" | "imageBuilderVersion">>,
  ): Promise<Environment> {
    const changed = { ...environment, ...change };
    if (changed.name !== environment.name) {
      checkObjectName("an environment", changed.name);
      if (this.#byName.has(changed.name)) throw environmentExists(changed.name);
    }
    const { environment_id: id, ...row } = rowOfEnvironment(changed);
    await this.#journal.write(
      (trx) => trx.updateTable("environment").set(row).where("environment_id", "=", id).execute(),
      () => {
        this.#byName.delete(environment.name);
        this.#put(changed);
      },
    );
    return changed;
  }

  /** Removes an environment, whose objects must have been removed. */
  async remove({ environmentId, name }: Environment): Promise<void> {
    await this.#journal.write(
      (trx) =>
        trx
          .updateTable("environment")
          .set({ name: null })
          .where("environment_id", "=", environmentId)
          .execute(),
      () => this.#byName.delete(name),
    );
  }

  #put(environment: Environment): void {
    this.#byName.set(environment.name, environment);
    this.#names.set(environment.scope, environment.name);
  }
}

export function environmentExists(name: string): AppError {
  return new AppError("ENVIRONMENT_EXISTS", `There is an environment named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
}
