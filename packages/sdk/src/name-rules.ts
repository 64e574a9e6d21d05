import { AppError } from "@dorian/base/app-error";

/**
 * Checks a name that an app, function, volume or secret is found by: letters, digits, `-`, `.` and `_`, at most 64.
 *
 * @throws AppError NAME_INVALID
 */
export function checkName(kind: string, name: unknown): string {
  if (typeof name === "string" && /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,63}$/.test(name)) return name;
  throw new AppError("NAME_INVALID", `${JSON.stringify(name)} cannot be the name of ${kind}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      "Use letters, digits, dashes, dots and underscores, at most 64, and begin with a letter or digit.",
  });
}

/**
 * Checks the name of a function or class. A dot in it would look like a class and its method.
 *
 * @throws AppError NAME_INVALID
 */
export function checkTag(kind: string, name: unknown): string {
  if (typeof name === "string" && /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}$/.test(name)) return name;
  throw new AppError("NAME_INVALID", `${JSON.stringify(name)} cannot be the name of ${kind}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      name === ""
        ? 'Give it a name: app.function({ name: "train" }, …).'
        : "Use letters, digits, dashes and underscores, at most 64.",
  });
}
