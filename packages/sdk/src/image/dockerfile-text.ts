import { AppError } from "@dorian/base/app-error";

/** A word as a shell reads it back. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/**
 * A RUN line of a shell command, whatever is in it. What a Dockerfile would read otherwise (several lines, a line that goes on, flags,
 * here-documents, a list) is given to the shell as a list.
 */
export function runLine(command: string): string {
  const ambiguous = /[\r\n]|\\\s*$|^\s*(\[|--)|<</.test(command);
  return ambiguous ? `RUN ${JSON.stringify(["/bin/sh", "-c", command])}` : `RUN ${command}`;
}

/**
 * A WORKDIR line.
 *
 * @throws AppError IMAGE_PATH_INVALID
 */
export function workdirLine(path: string): string {
  if (typeof path === "string" && path.startsWith("/") && !/[\r\n$\\]/.test(path)) return `WORKDIR ${path}`;
  throw new AppError("IMAGE_PATH_INVALID", `${JSON.stringify(path)} cannot be a working directory.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Give an absolute path, such as "/root/work".',
  });
}

/**
 * An ENV line.
 *
 * @throws AppError IMAGE_ENV_INVALID
 */
export function environmentLine(key: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    throw new AppError("IMAGE_ENV_INVALID", `"${key}" cannot be the name of an environment variable.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Use letters, digits and underscores, not beginning with a digit.",
    });
  }
  if (typeof value !== "string" || /[\r\n\0]/.test(value)) {
    const what = typeof value === "string" ? "has several lines" : `is a ${typeof value}`;
    throw new AppError("IMAGE_ENV_INVALID", `The value of "${key}" ${what}; it must be one line of text.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Convert it with String(…); for text of several lines use a Secret.",
    });
  }
  return `ENV ${key}="${value.replaceAll(/[\\"$]/g, (character) => `\\${character}`)}"`;
}
