import { ObjectCreationType } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import { checkName } from "../name-rules.ts";
import { allPages } from "../named/all-pages.ts";
import type { DeleteOptions, EnvironmentOption, NamedInfo } from "../named/named-options.ts";
import { unlessMissing } from "../named/unless-missing.ts";
import { dotenvValues, environmentValues } from "./local-values.ts";
import { checkSecretValues } from "./secret-values.ts";

/** How a secret that the server keeps is found. */
export interface SecretOptions extends EnvironmentOption {
  /** Keys that it must have, or the app is not deployed. Default: none. */
  requiredKeys?: readonly string[] | undefined;
}

/** How a secret is made. */
export interface SecretCreateOptions extends EnvironmentOption {
  /** What to do where there is one of that name: fail, keep that one, or replace its values. Default: fail. */
  ifExists?: "fail" | "keep" | "replace" | undefined;
}

/** A secret as it is listed. Its values never leave the server but for containers and builds. */
export interface SecretInfo extends NamedInfo {
  /** When a container or a build got it last, to the minute; undefined for never. */
  lastUsedAt: Date | undefined;
}

/**
 * Environment variables that reach containers and build steps, and stay out of images and logs.
 *
 * @example
 * const token = Secret.fromObject({ HF_TOKEN: process.env.HF_TOKEN ?? "" });
 */
export class Secret {
  /** Name under which the server keeps it; empty for values given here. */
  readonly name: string;
  /** @internal */
  readonly requiredKeys: readonly string[];
  /** @internal Empty for that of the app. */
  readonly environment: string;
  // Private, so that nothing that prints the secret prints them.
  #read: () => Readonly<Record<string, string>>;

  private constructor(name: string, read: () => Record<string, string>, options: SecretOptions = {}) {
    this.name = name;
    this.#read = read;
    this.requiredKeys = options.requiredKeys ?? [];
    this.environment = options.environment ?? "";
  }

  /** @internal Read anew each time: what is read from this machine is read when an app is deployed from it. */
  get values(): Readonly<Record<string, string>> {
    return this.#read();
  }

  /**
   * A secret that the server keeps, with at least `requiredKeys` in it. It is looked up when the app is deployed.
   *
   * @throws AppError NAME_INVALID; when the app is deployed SECRET_NOT_FOUND, SECRET_KEY_MISSING
   * @example
   * await Secret.create("hub", { HF_TOKEN: "hf_…" }, { ifExists: "replace" });
   * const hub = Secret.fromName("hub", { requiredKeys: ["HF_TOKEN"] });
   */
  static fromName(name: string, options: SecretOptions = {}): Secret {
    return new Secret(checkName("a secret", name), () => ({}), options);
  }

  /**
   * A secret of values that this program has: they reach the server when the app is deployed.
   *
   * @throws AppError SECRET_KEY_INVALID, SECRET_VALUE_INVALID
   */
  static fromObject(values: Record<string, string>): Secret {
    checkSecretValues(values);
    const kept = { ...values };
    return new Secret("", () => kept);
  }

  /**
   * A secret of the values in a `.env` file, which is read when the app is deployed, and not in containers. The name of a file alone is
   * looked for in the app's directory and those above it.
   *
   * @throws AppError when the app is deployed: LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, SECRET_KEY_INVALID
   * @example
   * await writeFile("tokens.env", "HF_TOKEN=hf_…\n");
   * const tokens = Secret.fromDotenv("tokens.env");
   */
  static fromDotenv(path: string | URL = ".env"): Secret {
    return new Secret("", () => dotenvValues(path));
  }

  /**
   * A secret of environment variables of the program that deploys the app, which are read then, and not in containers.
   *
   * @throws AppError when the app is deployed: SECRET_VARIABLE_MISSING
   * @example
   * const home = Secret.fromLocalEnvironment(["HOME"]);
   */
  static fromLocalEnvironment(keys: readonly string[]): Secret {
    return new Secret("", () => environmentValues(keys, process.env));
  }

  /**
   * Makes a secret that the server keeps, for apps that name it.
   *
   * @throws AppError SECRET_EXISTS unless `ifExists` says otherwise; SECRET_KEY_INVALID, SECRET_VALUE_INVALID, SECRET_TOO_LARGE;
   *   PERMISSION_DENIED in containers
   * @example
   * await Secret.create("database", { DATABASE_URL: "postgres://…" }, { ifExists: "keep" });
   */
  static async create(
    name: string,
    values: Record<string, string>,
    { environment = "", ifExists = "fail" }: SecretCreateOptions = {},
  ): Promise<void> {
    checkSecretValues(values);
    const { modal } = await transport();
    await modal.secretGetOrCreate({
      deploymentName: checkName("a secret", name),
      environmentName: environment,
      envDict: { ...values },
      objectCreationType: creationTypes[ifExists],
    });
  }

  /**
   * Deletes a secret that the server keeps.
   *
   * @throws AppError SECRET_NOT_FOUND unless `allowMissing`; PERMISSION_DENIED in containers
   * @example
   * await Secret.delete("old-database", { allowMissing: true });
   */
  static async delete(name: string, { environment = "", allowMissing }: DeleteOptions = {}): Promise<void> {
    const { modal } = await transport();
    const asked = modal.secretGetOrCreate({
      deploymentName: checkName("a secret", name),
      environmentName: environment,
      objectCreationType: ObjectCreationType.UNSPECIFIED,
    });
    const found = await unlessMissing(asked, missing, allowMissing);
    if (found) await unlessMissing(modal.secretDelete({ secretId: found.secretId }), missing, allowMissing);
  }

  /**
   * The secrets that the server keeps, newest first, without their values.
   *
   * @throws AppError PERMISSION_DENIED in containers
   * @example
   * for (const { name, lastUsedAt } of await Secret.list()) console.log(name, lastUsedAt);
   */
  static async list({ environment = "" }: EnvironmentOption = {}): Promise<SecretInfo[]> {
    const { modal } = await transport();
    const found = await allPages(
      async (pagination) => (await modal.secretList({ environmentName: environment, pagination })).items,
    );
    return found.map(({ label, createdAt, lastUsedAt }) => ({
      name: label,
      createdAt: new Date(createdAt * 1000),
      lastUsedAt: lastUsedAt > 0 ? new Date(lastUsedAt * 1000) : undefined,
    }));
  }
}

const missing = "SECRET_NOT_FOUND";

const creationTypes = {
  fail: ObjectCreationType.CREATE_FAIL_IF_EXISTS,
  keep: ObjectCreationType.CREATE_IF_MISSING,
  replace: ObjectCreationType.CREATE_OVERWRITE_IF_EXISTS,
} as const;
