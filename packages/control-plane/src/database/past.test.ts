import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../test/catalog-server.ts";
import { contents } from "../../test/past/contents.ts";
import { restore } from "../../test/past/dump.ts";
import { keptDatabases, restoreDirectory, type KeptDatabase } from "../../test/past/kept-databases.ts";
import { digestsFile, migrationDigests } from "../../test/past/migration-digests.ts";
import { schemaText } from "../../test/schema-text.ts";
import { outputOf, valueOf } from "../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../test/scripted-worker.ts";
import { contentOfState } from "../gc/kept-content.ts";
import { CallBytes } from "../dispatch/call/call-bytes.ts";
import { openDatabase } from "./database.ts";
import { Journal } from "./journal.ts";

const hourMs = 3_600_000;

/** A server of today on a data directory of then, some time after. */
async function openKept(database: KeptDatabase, afterMs = 0): Promise<CatalogServer> {
  const directory = await temporaryDirectory();
  await restoreDirectory(directory, database);
  return await CatalogServer.open(directory, {
    nowMs: () => database.keptAtMs + afterMs,
    web: { ports: { first: 0, last: 0 } },
  });
}

/** The database as it was kept. */
function asKept({ text }: KeptDatabase) {
  const file = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  restore(file, text);
  const names = file.prepare("select name from sqlite_master where type = 'table'").all();
  const isFilled = (name: unknown) => file.prepare(`select 1 from "${String(name)}"`).get() !== undefined;
  return {
    filled: new Set(names.map(({ name }) => String(name)).filter(isFilled)),
    was: (query: string) => String(Object.values(file.prepare(query).get() ?? {})[0]),
  };
}

const kept = await keptDatabases();
const withRowsIn = (table: string) => kept.filter((database) => asKept(database).filled.has(table));

test.each(kept)("a database after $name is opened, and what was in it is there [L11]", async (database) => {
  const { filled, was } = asKept(database);
  await using server = await openKept(database);
  for (const { tables, read, is } of contents) {
    if (!tables.every((table) => filled.has(table))) continue;
    expect([tables, await read({ server, modal: server.modal, was })]).toEqual([tables, is]);
  }
});

test.each(withRowsIn("call_input"))(
  "a database after $name has calls that go on, with their secrets and volumes",
  async (database) => {
    const { was } = asKept(database);
    await using server = await openKept(database);
    await using worker = await new ScriptedWorker(
      { modal: [server.plane.modal], worker: [server.plane.worker] },
      {
        script: { handle: ([n]) => Number(n) * 2 },
      },
    ).join();
    const open = was("select call_id from call_input where finished_at is null");
    expect(valueOf(await outputOf(server.modal, open))).toBe(8);
    expect(worker.containers[0]?.request).toMatchObject({
      secretEnv: { HF_TOKEN: "hf_1" },
      volumes: [
        {
          mountPath: "/vol",
          head: { version: 1n, layerIds: [was("select layer_id from volume_version where version = 1")] },
        },
      ],
    });
  },
);

test.each(withRowsIn("schedule"))(
  "a database after $name has functions that run when it is time",
  async (database) => {
    await using server = await openKept(database, 25 * hourMs);
    await using worker = await new ScriptedWorker(
      { modal: [server.plane.modal], worker: [server.plane.worker] },
      { script: {} },
    ).join();
    await expect
      .poll(() => worker.containers.map(({ request }) => request.arguments?.functionDef?.functionName))
      .toContain("nightly");
  },
);

test.each(withRowsIn("call_bytes"))("a database after $name has what was counted", async (database) => {
  const { filled } = asKept(database);
  const directory = await temporaryDirectory();
  await restoreDirectory(directory, database);
  const db = await openDatabase(join(directory, "state.db"));
  await using journal = new Journal(db);
  expect((await CallBytes.open({ db, journal })).total).toBe(64);
  if (filled.has("worker_log"))
    expect(await db.selectFrom("worker_log").select("sequence").execute()).toEqual([{ sequence: 1 }]);
  await db.destroy();
});

test("something is read from every table that there is", async () => {
  const newest = kept.at(-1);
  if (!newest) throw new Error("No database is kept.");
  const read = new Set(contents.flatMap(({ tables }) => tables));
  const readAbove = ["schedule", "call_bytes", "worker_log"];
  const unread = [...asKept(newest).filled].filter((name) => !read.has(name) && !readAbove.includes(name));
  expect(unread).toEqual(["kysely_migration"]);
});

test("every migration has a database that is kept, and is as it was then", async () => {
  const digests = await migrationDigests();
  expect(digests, changed).toEqual(JSON.parse(await readFile(digestsFile, "utf8")));
  const names = kept.map(({ name }) => name);
  const numbers = Object.keys(digests).map((name) => name.slice(0, 4));
  expect(names, changed).toEqual(expect.arrayContaining(numbers));
});

const changed = `Databases that were written with a migration keep what it was then. A new one: run script/keep-database and commit what it
writes. One that changed: undo that and write a new one; if its words changed alone, remove its line from digests.json first.`;

test("databases of every version come to the same tables and indexes", async () => {
  const schema = await readFile(new URL("../schema/schema.sql", import.meta.url), "utf8");
  const statements = (text: string) =>
    text
      .split(";\n")
      .filter((line) => !line.includes("kysely_migration_lock"))
      .toSorted();
  for (const database of kept) {
    const directory = await temporaryDirectory();
    await restoreDirectory(directory, database);
    const path = join(directory, "state.db");
    await (await openDatabase(path)).destroy();
    expect([database.name, ...statements(schemaText(path))]).toEqual([database.name, ...statements(schema)]);
  }
});

test.each(kept)("a backup finds what a stopped server of then keeps ($name)", ({ text }) => {
  using file = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  restore(file, text);
  expect(contentOfState(file).layerIds.size).toBeGreaterThan(0);
});
