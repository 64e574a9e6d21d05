// Keeps what a migration that is new makes of a database: the database itself, its schema, and the digest of the migration.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { schemaText } from "../schema-text.ts";
import { dump } from "./dump.ts";
import { keptDatabases, keptDirectory } from "./kept-databases.ts";
import { liveOn } from "./life.ts";
import { digestsFile, migrationDigests } from "./migration-digests.ts";

const schemaFile = new URL("../../src/schema/schema.sql", import.meta.url);

/** Returns the files that it wrote. */
export async function keepDatabase(): Promise<string[]> {
  const digests = await requireUnchanged();
  const newest = Object.keys(digests).at(-1)?.slice(0, 4) ?? "";
  const isKept = (await keptDatabases()).some(({ name }) => name === newest);
  const written = isKept ? [] : await keep(new URL(`${newest}.sql`, keptDirectory));
  await writeFile(digestsFile, `${JSON.stringify(digests, null, 2)}\n`);
  return [...written, digestsFile].map((file) => fileURLToPath(file));
}

async function keep(target: URL): Promise<URL[]> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-keep-"));
  try {
    const path = join(directory, "state.db");
    await liveOn(directory);
    requireRows(path);
    await writeFile(target, `-- ${Date.now()}\n${dump(path)}`);
    await writeFile(schemaFile, schemaText(path));
    return [target, schemaFile];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function requireUnchanged(): Promise<Record<string, string>> {
  const kept = JSON.parse(await readFile(digestsFile, "utf8")) as Record<string, string>;
  const digests = await migrationDigests();
  const changed = Object.keys(kept).filter((name) => digests[name] !== kept[name]);
  if (changed.length === 0) return digests;
  throw new Error(
    `${changed.join(", ")} changed after databases were written with it. Undo that, and write a new migration. If its words changed alone, remove its line from ${fileURLToPath(digestsFile)} first.`,
  );
}

function requireRows(path: string): void {
  using file = new DatabaseSync(path, { readOnly: true });
  for (const { name } of file.prepare("select name from sqlite_master where type = 'table'").all())
    if (!file.prepare(`select 1 from "${String(name)}"`).get())
      throw new Error(
        `Nothing is in the table ${String(name)}: let test/past/life.ts put something there, and contents.ts read it.`,
      );
}
