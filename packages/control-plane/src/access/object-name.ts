import { AppError } from "@dorian/base/app-error";

/**
 * Refuses names that cannot stand in a command, a path or an address: letters, digits, dash, dot and underscore,
 * at most 64, beginning with a letter, digit or underscore.
 *
 * @throws AppError NAME_INVALID
 */
export function checkObjectName(kind: string, name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new AppError("NAME_INVALID", `"${name}" cannot be the name of ${kind}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      "Use letters, digits, dashes, dots and underscores, at most 64, and begin with a letter or digit.",
  });
}
