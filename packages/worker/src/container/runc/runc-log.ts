import { unlessAbsent } from "@dorian/base/unless-absent";
import { readFile } from "node:fs/promises";

/** The last error in a log that runc wrote with --log-format json; undefined when there is none. */
export async function lastError(path: string): Promise<string | undefined> {
  const text = await unlessAbsent(readFile(path, "utf8"));
  return text === undefined ? undefined : errorIn(text);
}

/** The last error of the log's text. Lines that are no JSON are passed over: runc may be killed in the midst of one. */
export function errorIn(text: string): string | undefined {
  return text
    .split("\n")
    .map(parse)
    .findLast((entry) => entry?.level === "error")?.msg;
}

function parse(line: string): { level?: string; msg?: string } | undefined {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch {
    return undefined;
  }
}
