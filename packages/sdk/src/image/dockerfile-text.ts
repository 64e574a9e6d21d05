import { AppError } from "@dorian/base/app-error";

/** A word as a shell reads it back. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** An ENV line. */
export function environmentLine(key: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    throw new AppError("IMAGE_ENV_INVALID", `"${key}" cannot be the name of an environment variable.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Use letters, digits and underscores, not beginning with a digit.",
    });
  }
  return `ENV ${key}="${String(value).replaceAll(/[\\"$]/g, (character) => `\\${character}`)}"`;
}
