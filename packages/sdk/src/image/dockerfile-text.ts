import { AppError } from "@dorian/base/app-error";

/** A word as a shell reads it back. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/**
 * A RUN line of a shell command, whatever is in it. What a Dockerfile would read otherwise (several lines, a line that goes on, flags,
 * here-documents, a list) is given to the shell as a list.
 */
export function runLine(command: string, shell: readonly string[] = ["/bin/sh", "-c"]): string {
  const ambiguous = /[\r\n]|\\\s*$|^\s*(\[|--)|<</.test(command);
  return ambiguous ? `RUN ${JSON.stringify([...shell, command])}` : `RUN ${command}`;
}

/**
 * A WORKDIR line.
 *
 * @throws AppError IMAGE_PATH_INVALID
 */
export function workdirLine(path: string): string {
  if (typeof path === "string" && path.startsWith("/") && !/[\r\n\0]/.test(path))
    return `WORKDIR ${path.replaceAll(/[\s\\"'$]/g, (character) => `\\${character}`)}`;
  throw new AppError("IMAGE_PATH_INVALID", `${JSON.stringify(path)} cannot be a working directory.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Give an absolute path, such as "/root/work".',
  });
}

/**
 * A USER line.
 *
 * @throws AppError IMAGE_USER_INVALID
 */
export function userLine(user: string): string {
  if (typeof user === "string" && /^[\w.-]+(:[\w.-]+)?$/.test(user)) return `USER ${user}`;
  throw new AppError("IMAGE_USER_INVALID", `${JSON.stringify(user)} cannot be a user.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Give a name or a number, with a group if need be: "node", "1000:1000".',
  });
}

/**
 * A line that takes a program and its arguments: ENTRYPOINT, SHELL, CMD.
 *
 * @throws AppError IMAGE_STEP_INVALID
 */
export function listLine(instruction: string, words: readonly string[]): string {
  if (Array.isArray(words) && words.every((word) => typeof word === "string" && !word.includes("\0")))
    return `${instruction} ${JSON.stringify(words)}`;
  throw new AppError(
    "IMAGE_STEP_INVALID",
    `${JSON.stringify(words)} is not a program with its arguments, for ${instruction}.`,
    { status: "INVALID_ARGUMENT", remedy: 'Give a list of texts: ["/bin/bash", "-c"].' },
  );
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

/** The first FROM among Dockerfile lines: an instruction, not a part of one or of a here-document. */
export function fromLine(text: string): string | undefined {
  for (const instruction of instructionsOf(text))
    if (/^FROM\s/i.test(instruction)) return instruction.split("\n")[0];
  return undefined;
}

/** The instructions of a Dockerfile, each with the lines that it goes on in and without its here-documents. */
export function* instructionsOf(text: string): Generator<string> {
  const lines = text.split(/\r?\n/);
  let instruction = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const isContinued = /(^|[^\\])\\\s*$/.test(line);
    instruction += isContinued ? `${line.replace(/\\\s*$/, "")} ` : line;
    at = endOfDocuments(lines, at);
    if (isContinued) continue;
    yield instruction.trim();
    instruction = "";
  }
  if (instruction !== "") yield instruction.trim();
}

/** The line that ends the here-documents that a line announces, or that line itself. */
function endOfDocuments(lines: readonly string[], at: number): number {
  let end = at;
  for (const announced of (lines[at] ?? "").matchAll(/(?:^|\s)\d*<<(-?)(?:(["'])(.+?)\2|([^\s<"']+))/g)) {
    const name = announced[3] ?? announced[4];
    const found = lines.findIndex(
      (line, index) => index > end && (announced[1] === "-" ? line.replace(/^\t+/, "") : line) === name,
    );
    // What has no end was no here-document.
    if (found > 0) end = found;
  }
  return end;
}
