import { readFile } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";

/** The last error in a log that runc wrote with --log-format json; undefined when there is none. */
export async function lastError(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  return errorIn(text);
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
