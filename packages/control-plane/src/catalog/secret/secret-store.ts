import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { createHmac } from "node:crypto";
import type { Selectable, Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import type { ServerKeys } from "../../access/keys/server-keys.ts";
import { openSecret, sealSecret } from "./secret-seal.ts";
import type { SecretRow } from "../../schema/rows/secret.ts";
import { notFoundWords } from "../../access/not-found-words.ts";
import { secretFromRow } from "./secret-rows.ts";
import type { Secret } from "./secret.ts";

/** Secrets of one container, build or command: each is opened whenever one starts. */
const mostAtOnce = 1_000;

/** How exactly it is kept when a secret was last used. */
const usePrecisionMs = 60_000;

export interface SecretStoreOptions {
  db: Database;
  keys: ServerKeys;
  journal: Journal;
  nowMs: () => number;
}

export class SecretStore {
  #keys: ServerKeys;
  #journal: Journal;
  #nowMs: () => number;
  #secrets = new Map<string, Secret & { sealed: Uint8Array; fingerprint: string }>();
  /** No two have the same time: a page of a list ends at one. */
  #lastCreatedAt = 0;

  private constructor(options: SecretStoreOptions) {
    this.#keys = options.keys;
    this.#journal = options.journal;
    this.#nowMs = options.nowMs;
  }

  static async load(options: SecretStoreOptions): Promise<SecretStore> {
    const store = new SecretStore(options);
    for (const row of await options.db.selectFrom("secret").selectAll().execute()) store.#put(row);
    return store;
  }

  get(secretId: string): Secret | undefined {
    return this.#secrets.get(secretId);
  }

  /** @throws AppError SECRET_NOT_FOUND */
  require(secretId: string): Secret {
    return this.#require(secretId);
  }

  named(scope: string, name: string): Secret | undefined {
    for (const secret of this.#secrets.values()) {
      if (secret.scope === scope && secret.name === name) return secret;
    }
    return undefined;
  }

  /** That all of them are there, and no more than can be opened at once. @throws AppError SECRET_NOT_FOUND, SECRETS_TOO_MANY */
  requireAll(secretIds: readonly string[]): void {
    if (secretIds.length > mostAtOnce) throw tooMany(secretIds.length);
    for (const secretId of secretIds) this.#require(secretId);
  }

  /** The environment variables of several secrets; a later one wins. @throws AppError SECRET_NOT_FOUND, SECRETS_TOO_MANY */
  env(secretIds: readonly string[]): Record<string, string> {
    this.requireAll(secretIds);
    const env: Record<string, string> = {};
    for (const secretId of secretIds) {
      Object.assign(env, openSecret(this.#keys.secrets, secretId, this.#require(secretId).sealed));
    }
    return env;
  }

  all(): Iterable<Secret> {
    return this.#secrets.values();
  }

  /** Notes that a container or a build is given these secrets. */
  async used(secretIds: readonly string[], now: number): Promise<void> {
    const before = now - usePrecisionMs;
    const noted = secretIds.filter((secretId) => (this.#secrets.get(secretId)?.lastUsedAtMs ?? 0) < before);
    if (noted.length === 0) return;
    await this.#journal.write(
      (trx) => trx.updateTable("secret").set({ last_used_at: now }).where("secret_id", "in", noted).execute(),
      () => {
        for (const secretId of noted) {
          const secret = this.#secrets.get(secretId);
          if (secret) this.#secrets.set(secretId, { ...secret, lastUsedAtMs: now });
        }
      },
    );
  }

  /** Gives a secret's content with these keys set or, where there is no value, removed. */
  merged(
    secretId: string,
    updates: readonly { key: string; value?: string | undefined }[],
  ): Record<string, string> {
    const env = openSecret(this.#keys.secrets, secretId, this.#require(secretId).sealed);
    for (const { key, value } of updates) {
      if (value === undefined) delete env[key];
      else env[key] = value;
    }
    return env;
  }

  async delete(secretIds: readonly string[]): Promise<void> {
    if (secretIds.length === 0) return;
    await this.#journal.write(
      (trx) => trx.deleteFrom("secret").where("secret_id", "in", secretIds).execute(),
      () => {
        for (const secretId of secretIds) this.#secrets.delete(secretId);
      },
    );
  }

  /** Removes what an environment has. */
  async removeScope(scope: string): Promise<void> {
    const inScope = [...this.#secrets.values()].filter((secret) => secret.scope === scope);
    await this.delete(inScope.map((secret) => secret.secretId));
  }

  /**
   * What stands for a secret in an image's identity: which one it is, not what it holds, so that it may be renewed. One
   * without a name is what it holds: its values stand in the app's source.
   */
  buildName(secretId: string): string {
    const secret = this.#require(secretId);
    return secret.name ?? valuesOf(secret);
  }

  /** What stands for a secret that logs in: another environment's of the same name is another one. */
  loginName(secretId: string): string {
    const secret = this.#require(secretId);
    return secret.name === undefined ? valuesOf(secret) : secretId;
  }

  /**
   * Writes a secret. An equal one of the same app is found instead, so that a redeploy keeps its id. Call the
   * result's `committed` once the transaction is durable.
   */
  async write(
    trx: Transaction<Tables>,
    options: {
      scope: string;
      name?: string;
      appId?: string;
      env: Record<string, string>;
      replaces?: string;
    },
  ): Promise<{ secret: Secret; committed: () => void }> {
    const { scope, name, appId, env } = options;
    const fingerprint = this.#fingerprint(env);
    if (name === undefined && appId !== undefined && options.replaces === undefined) {
      const same = await trx
        .selectFrom("secret")
        .selectAll()
        .where("app_id", "=", appId)
        .where("name", "is", null)
        .where("fingerprint", "=", fingerprint)
        .executeTakeFirst();
      if (same) return { secret: secretFromRow(same), committed: () => undefined };
    }
    const secretId = options.replaces ?? newId("st");
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt + 1, this.#nowMs());
    const row = {
      secret_id: secretId,
      environment: scope,
      name: name ?? null,
      app_id: appId ?? null,
      keys: JSON.stringify(Object.keys(env)),
      sealed: sealSecret(this.#keys.secrets, secretId, env),
      fingerprint,
      created_at: this.#lastCreatedAt,
      last_used_at: null,
    };
    const { secret_id: _id, created_at: _at, last_used_at: _used, ...changed } = row;
    await trx
      .insertInto("secret")
      .values(row)
      .onConflict((conflict) => conflict.column("secret_id").doUpdateSet(changed))
      .execute();
    const known = this.#secrets.get(secretId);
    const createdAt = known?.createdAtMs ?? row.created_at;
    const written = { ...row, created_at: createdAt, last_used_at: known?.lastUsedAtMs ?? null };
    return { secret: secretFromRow(written), committed: () => this.#put(written) };
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
    throw new AppError("SECRET_NOT_FOUND", notFoundWords("Secret", { id: secretId }), {
      status: "NOT_FOUND",
      remedy: "Create it again, then run or deploy the app again.",
    });
  }

  #put(row: Selectable<SecretRow>): void {
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt, row.created_at);
    this.#secrets.set(row.secret_id, {
      ...secretFromRow(row),
      sealed: row.sealed,
      fingerprint: row.fingerprint,
    });
  }
}

function valuesOf({ keys, fingerprint }: { keys: readonly string[]; fingerprint: string }): string {
  return `{${keys.toSorted().join(",")}} ${fingerprint}`;
}

function tooMany(count: number): AppError {
  return new AppError("SECRETS_TOO_MANY", `${count} secrets are asked for at once.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Put their variables into at most ${mostAtOnce} of them.`,
  });
}
