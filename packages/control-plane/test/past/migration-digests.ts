import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { migrations } from "../../src/schema/migrations/index.ts";

/** Digests of the migrations' texts, as they were when their databases were kept. */
export const digestsFile = new URL("digests.json", import.meta.url);

/** Migrations import nothing of this project: what they do is in their text alone. */
export async function migrationDigests(): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of Object.keys(migrations)) {
    const text = await readFile(new URL(`../../src/schema/migrations/${name}.ts`, import.meta.url));
    digests[name] = createHash("sha256").update(text).digest("hex");
  }
  return digests;
}
