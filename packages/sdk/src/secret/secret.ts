import { AppError } from "@dorian/base/app-error";
import { checkName } from "../name-rules.ts";

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
  // Private, so that nothing that prints the secret prints them.
  #values: Readonly<Record<string, string>>;

  private constructor(name: string, values: Record<string, string>, requiredKeys: readonly string[]) {
    this.name = name;
    this.#values = values;
    this.requiredKeys = requiredKeys;
  }

  /** @internal */
  get values(): Readonly<Record<string, string>> {
    return this.#values;
  }

  /** A secret that the server keeps, with at least `requiredKeys` in it. It is looked up when the app is deployed. */
  static fromName(name: string, options: { requiredKeys?: readonly string[] } = {}): Secret {
    return new Secret(checkName("a secret", name), {}, options.requiredKeys ?? []);
  }

  /**
   * A secret of values that this program has: they reach the server when the app is deployed.
   *
   * @throws AppError SECRET_KEY_INVALID, SECRET_VALUE_INVALID
   */
  static fromObject(values: Record<string, string>): Secret {
    for (const [key, value] of Object.entries(values)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
        throw new AppError("SECRET_KEY_INVALID", `"${key}" cannot be the name of an environment variable.`, {
          status: "INVALID_ARGUMENT",
          remedy: "Use letters, digits and underscores, not beginning with a digit.",
        });
      }
      if (typeof value !== "string") {
        throw new AppError(
          "SECRET_VALUE_INVALID",
          `The value of "${key}" is a ${typeof value}; it must be a string.`,
          {
            status: "INVALID_ARGUMENT",
            remedy: "Convert it with String(…), and check that the variable it comes from is set.",
          },
        );
      }
    }
    return new Secret("", { ...values }, []);
  }
}
