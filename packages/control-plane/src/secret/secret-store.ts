import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { createHmac } from "node:crypto";
import type { Selectable, Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import type { ServerKeys } from "../token/server-keys.ts";
import { openSecret, sealSecret } from "./secret-seal.ts";
import type { SecretTable } from "./secret-table.ts";

/** What may be shown of a secret: never its values. */
export interface Secret {
  secretId: string;
  environment: string;
  name: string | undefined;
  appId: string | undefined;
  keys: string[];
  createdAt: number;
}

export class SecretStore {
  #keys: ServerKeys;
  #secrets = new Map<string, Secret & { sealed: Uint8Array; fingerprint: string }>();

  private constructor(keys: ServerKeys) {
    this.#keys = keys;
  }

  static async load(options: { db: Database; keys: ServerKeys }): Promise<SecretStore> {
    const store = new SecretStore(options.keys);
    for (const row of await options.db.selectFrom("secret").selectAll().execute()) store.#put(row);
    return store;
  }

  /** @throws AppError SECRET_NOT_FOUND */
  require(secretId: string): Secret {
    return this.#require(secretId);
  }

  named(environment: string, name: string): Secret | undefined {
    for (const secret of this.#secrets.values()) {
      if (secret.environment === environment && secret.name === name) return secret;
    }
    return undefined;
  }

  /** The environment variables of several secrets; a later one wins. */
  env(secretIds: readonly string[]): Record<string, string> {
    const env: Record<string, string> = {};
    for (const secretId of secretIds) {
      Object.assign(env, openSecret(this.#keys.secrets, secretId, this.#require(secretId).sealed));
    }
    return env;
  }

  /** What stands for a secret in an image's identity: which one it is, not what it holds, so that it may be renewed. */
  buildName(secretId: string): string {
    const secret = this.#require(secretId);
    return secret.name ?? `{${secret.keys.toSorted().join(",")}}`;
  }

  /**
   * Writes a secret. An equal one of the same app is found instead, so that a redeploy keeps its id. Call the
   * result's `committed` once the transaction is durable.
   */
  async write(
    trx: Transaction<Tables>,
    options: {
      environment: string;
      name?: string;
      appId?: string;
      env: Record<string, string>;
      replaces?: string;
    },
  ): Promise<{ secretId: string; createdAt: number; committed: () => void }> {
    const { environment, name, appId, env } = options;
    const fingerprint = this.#fingerprint(env);
    if (name === undefined && appId !== undefined) {
      const same = await trx
        .selectFrom("secret")
        .select(["secret_id", "created_at"])
        .where("app_id", "=", appId)
        .where("fingerprint", "=", fingerprint)
        .executeTakeFirst();
      if (same) return { secretId: same.secret_id, createdAt: same.created_at, committed: () => undefined };
    }
    const secretId = options.replaces ?? newId("st");
    const row = {
      secret_id: secretId,
      environment,
      name: name ?? null,
      app_id: appId ?? null,
      keys: JSON.stringify(Object.keys(env)),
      sealed: sealSecret(this.#keys.secrets, secretId, env),
      fingerprint,
      created_at: Date.now(),
    };
    const { secret_id: _id, ...changed } = row;
    await trx
      .insertInto("secret")
      .values(row)
      .onConflict((conflict) => conflict.column("secret_id").doUpdateSet(changed))
      .execute();
    return { secretId, createdAt: row.created_at, committed: () => this.#put(row) };
  }

  /** Forgets the nameless secrets of an app. */
  removeOfApp(appId: string): void {
    for (const secret of this.#secrets.values()) {
      if (secret.appId === appId && secret.name === undefined) this.#secrets.delete(secret.secretId);
    }
  }

  #fingerprint(env: Record<string, string>): string {
    const sorted = JSON.stringify(Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return createHmac("sha256", this.#keys.fingerprints).update(sorted).digest("hex");
  }

  #require(secretId: string) {
    const secret = this.#secrets.get(secretId);
    if (secret) return secret;
    throw new AppError("SECRET_NOT_FOUND", `There is no secret "${secretId}".`, {
      status: "NOT_FOUND",
      remedy: "Create it again, then run or deploy the app again.",
    });
  }

  #put(row: Selectable<SecretTable>): void {
    this.#secrets.set(row.secret_id, {
      secretId: row.secret_id,
      environment: row.environment,
      name: row.name ?? undefined,
      appId: row.app_id ?? undefined,
      keys: JSON.parse(row.keys) as string[],
      createdAt: row.created_at,
      sealed: row.sealed,
      fingerprint: row.fingerprint,
    });
  }
}
