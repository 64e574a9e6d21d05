import { AppError } from "@dorian/base/app-error";

/**
 * `place` says in errors where the values come from: " in …".
 *
 * @throws AppError SECRET_KEY_INVALID, SECRET_VALUE_INVALID
 */
export function checkSecretValues(values: Record<string, string>, place = ""): void {
  for (const [key, value] of Object.entries(values)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      throw new AppError(
        "SECRET_KEY_INVALID",
        `"${key}"${place} cannot be the name of an environment variable.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Use letters, digits and underscores, not beginning with a digit.",
        },
      );
    }
    // Plain JavaScript may pass anything.
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
}
