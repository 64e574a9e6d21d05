import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../test/catalog-server.ts";
import { keptDatabases, restoreDirectory } from "../../test/past/kept-databases.ts";
import { migrations } from "../schema/migrations/index.ts";
import { openDatabase } from "./database.ts";

const killed = fileURLToPath(new URL("../../test/past/killed-migration.ts", import.meta.url));

/** A data directory with a database that a server of some version left. */
async function directoryOf(version: string): Promise<string> {
  const kept = (await keptDatabases()).find(({ name }) => name === version);
  if (!kept) throw new Error(`No database of ${version} is kept.`);
  const directory = await temporaryDirectory();
  await restoreDirectory(directory, kept);
  return directory;
}

async function change(path: string, statements: string): Promise<void> {
  using file = new DatabaseSync(path);
  file.exec(statements);
}

/** What opening it says; the file is as it was before. */
async function refusal(path: string, version = "0.1.0") {
  const before = await readFile(path);
  const error: unknown = await openDatabase(path, { version }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(before.equals(await readFile(path))).toBe(true);
  return error;
}

test("a server that is too old for a database says which version it needs, and changes nothing [L11]", async () => {
  const path = join(await directoryOf("0022"), "state.db");
  await change(
    path,
    `insert into kysely_migration values ('0023-a', '', '0.2.0'), ('0024-b', '', '0.3.0'); create table b (c text)`,
  );
  expect(await refusal(path)).toMatchObject({
    code: "DATABASE_TOO_NEW",
    message: `${path} was written by version 0.3.0 of Dorian: this one, 0.1.0, does not know its 0023-a, 0024-b.`,
    remedy: "Start 0.3.0 or a newer one again, or this one with another data directory. Nothing was changed.",
  });
});

test("a server that is too old for a database that does not say who wrote it says so as well", async () => {
  const path = join(await directoryOf("0021"), "state.db");
  await change(path, "insert into kysely_migration values ('0023-a', '')");
  expect(await refusal(path)).toMatchObject({
    code: "DATABASE_TOO_NEW",
    message: `${path} was written by a newer version of Dorian: this one, 0.1.0, does not know its 0023-a.`,
  });
});

test("each migration is kept with the version of the server that ran it", async () => {
  const path = join(await directoryOf("0021"), "state.db");
  await (await openDatabase(path, { version: "0.4.0" })).destroy();
  using file = new DatabaseSync(path);
  const ran = file.prepare("select name, version from kysely_migration order by name").all();
  const last = "0021-objects-of-apps";
  expect(ran.map((row) => ({ ...row }))).toEqual(
    ran.map(({ name }) => ({ name, version: String(name) > last ? "0.4.0" : "" })),
  );
  expect(ran.map(({ name }) => name)).toEqual(expect.arrayContaining([last, "0022-versions"]));
});

test("another program's database stays as it is", async () => {
  const path = join(await temporaryDirectory(), "state.db");
  await change(path, "create table cookies (host text); create table visits (url text)");
  expect(await refusal(path)).toMatchObject({
    code: "DATABASE_FOREIGN",
    message: `${path} is another program's database: it has the tables cookies, visits.`,
  });
});

test("a file that is no database, and one that lost its end, are said to be damaged and stay as they are", async () => {
  const path = join(await temporaryDirectory(), "state.db");
  await writeFile(path, "not a database, but long enough to be looked at".repeat(1000));
  expect(await refusal(path)).toMatchObject({
    code: "DATABASE_DAMAGED",
    message: `${path} is damaged, or no database: file is not a database.`,
  });
  const cut = join(await directoryOf("0022"), "state.db");
  await truncate(cut, (await stat(cut)).size / 2);
  expect(await refusal(cut)).toMatchObject({
    code: "DATABASE_DAMAGED",
    message: `${cut} is damaged, or no database: database disk image is malformed.`,
  });
});

test("a database of which a part is damaged says so to whoever reads that part", async () => {
  const directory = await directoryOf("0022");
  const path = join(directory, "state.db");
  const pageBytes = 4096;
  const before = new DatabaseSync(path, { readOnly: true });
  const at = before.prepare("select rootpage from sqlite_master where name = 'function'").get();
  before.close();
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(pageBytes, 0xff), 0, pageBytes, (Number(at?.["rootpage"]) - 1) * pageBytes);
  await file.close();
  await expect(CatalogServer.open(directory)).rejects.toMatchObject({
    code: "DATABASE_DAMAGED",
    message: "The database is damaged: database disk image is malformed.",
  });
});

test("an empty file becomes a database", async () => {
  const path = join(await temporaryDirectory(), "state.db");
  await writeFile(path, "");
  const db = await openDatabase(path);
  expect(await db.selectFrom("app").selectAll().execute()).toEqual([]);
  await db.destroy();
});

test("a migration that fails leaves nothing behind, nor do those before it", async () => {
  const path = join(await directoryOf("0011"), "state.db");
  const fails = {
    ...migrations,
    "9999-fails": { up: async () => Promise.reject(new Error("no such thing")) },
  };
  await expect(openDatabase(path, { migrations: fails })).rejects.toMatchObject({
    code: "DATABASE_MIGRATION_FAILED",
    message: `${path} could not be brought to this version: 9999-fails ended with "no such thing".`,
  });
  using file = new DatabaseSync(path);
  expect(file.prepare("select max(name) as last from kysely_migration").get()).toMatchObject({
    last: "0011-restricted-tasks",
  });
  expect(file.prepare("select name from sqlite_master where name = 'call_bytes'").all()).toEqual([]);
});

test.each(["0005-deployments", "0015-log-entries", "0022-versions"])(
  "a server that was killed in %s starts again, and all is there [L11]",
  async (name) => {
    const directory = await directoryOf("0002");
    const child = spawn(process.execPath, [killed, join(directory, "state.db"), name], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await using server = await CatalogServer.open(directory);
    expect((await server.modal.appList({})).apps.map((app) => app.name)).toEqual(["trainer"]);
    expect((await server.modal.environmentList({})).items.map((item) => item.name)).toEqual(["main"]);
  },
);
