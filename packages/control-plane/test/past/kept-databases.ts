// The databases that are kept: one of each version that ever was.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { restore } from "./dump.ts";
import { prepareDirectory } from "./life.ts";

export const keptDirectory = new URL("databases/", import.meta.url);

export interface KeptDatabase {
  /** What its file is called: the number of the last migration in it, and what sets it apart from others of that number. */
  name: string;
  /** Unix ms. */
  keptAtMs: number;
  text: string;
}

export async function keptDatabases(): Promise<KeptDatabase[]> {
  const names = (await readdir(keptDirectory)).filter((name) => name.endsWith(".sql")).toSorted();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, keptDirectory), "utf8");
      return { name: name.replace(".sql", ""), keptAtMs: Number(/^-- (\d+)\n/.exec(text)?.[1]), text };
    }),
  );
}

/** Makes a data directory as the server of that version left it, with its operator's token, though its layers are empty. */
export async function restoreDirectory(directory: string, { text }: KeptDatabase): Promise<void> {
  await prepareDirectory(directory);
  const [, tokenId] = /'(ak-[\w-]+)\/AppCreate/.exec(text) ?? [];
  const client = { url: "", tokenId, tokenSecret: "as-kept", workerToken: "wt-kept" };
  await writeFile(join(directory, "client.json"), JSON.stringify(client), { mode: 0o600 });
  using file = new DatabaseSync(join(directory, "state.db"), { enableForeignKeyConstraints: false });
  restore(file, text);
  const layerIds = new Set(text.match(/\bly-[\w-]+/g));
  for (const layerId of layerIds) await mkdir(join(directory, "layers", layerId), { recursive: true });
}
