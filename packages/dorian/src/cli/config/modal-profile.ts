import { unlessAbsent } from "@dorian/base/unless-absent";
import { readFile } from "node:fs/promises";
import type { Credentials } from "./config.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** The file of the official clients, with one profile for each server. */
export async function writeProfile(path: string, name: string, credentials: Credentials): Promise<void> {
  const text = (await unlessAbsent(readFile(path, "utf8"))) ?? "";
  await writePrivateFile(path, withProfile(text, name, credentials));
}

/** The profile as a section of that file. */
export function profileSection(name: string, credentials: Credentials): string {
  return [
    `[${key(name)}]`,
    `server_url = ${JSON.stringify(credentials.url)}`,
    `token_id = ${JSON.stringify(credentials.tokenId)}`,
    `token_secret = ${JSON.stringify(credentials.tokenSecret)}`,
    "active = true",
    "",
  ].join("\n");
}

/** The file's text with the profile in it as the active one; everything else of it stays as it is. */
export function withProfile(text: string, name: string, credentials: Credentials): string {
  const kept = sectionsOf(text)
    .filter((section) => section.name !== name)
    .map(({ lines }) =>
      lines
        .filter((line) => !/^\s*active\s*=/.test(line))
        .join("\n")
        .trim(),
    )
    .filter((section) => section !== "");
  return `${[...kept, profileSection(name, credentials)].join("\n\n").trimEnd()}\n`;
}

/** What stands before the first header is a section without a name. */
function sectionsOf(text: string): { name: string | undefined; lines: string[] }[] {
  const sections: { name: string | undefined; lines: string[] }[] = [{ name: undefined, lines: [] }];
  for (const line of text.split("\n")) {
    const header = /^\s*\[\s*(?:"([^"]*)"|'([^']*)'|([^\]"']*?))\s*\]/.exec(line);
    if (header) sections.push({ name: header[1] ?? header[2] ?? header[3], lines: [] });
    sections.at(-1)?.lines.push(line);
  }
  return sections;
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
