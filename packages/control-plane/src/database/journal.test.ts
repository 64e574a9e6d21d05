import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "./database.ts";
import { Journal } from "./journal.ts";

async function openTemporary() {
  const directory = await mkdtemp(join(tmpdir(), "dorian-journal-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "state.db");
  return { path, db: await openDatabase(path) };
}

const row = (name: string) => ({
  environment_id: `en-${name}`,
  name,
  scope: name,
  web_suffix: "",
  image_builder_version: null,
  created_at: 0,
});

test("work of one tick is written in order, and what throws is undone alone", async () => {
  const { path, db } = await openTemporary();
  const journal = new Journal(db);
  const results = await Promise.allSettled([
    journal.write(async (trx) => {
      await trx.insertInto("environment").values(row("a")).execute();
      return "first";
    }),
    journal.write(async (trx) => {
      await trx.insertInto("environment").values(row("b")).execute();
      throw new Error("changed my mind");
    }),
    journal.write(async (trx) => (await trx.selectFrom("environment").selectAll().execute()).length),
  ]);
  expect(results).toMatchObject([
    { status: "fulfilled", value: "first" },
    { status: "rejected", reason: { message: "changed my mind" } },
    { status: "fulfilled", value: 1 },
  ]);
  await journal[Symbol.asyncDispose]();
  await db.destroy();

  const again = await openDatabase(path);
  expect(await again.selectFrom("environment").select("name").execute()).toEqual([{ name: "a" }]);
  await again.destroy();
});

test("reads wait for a running transaction and see all of it or nothing", async () => {
  const { db } = await openTemporary();
  await using journal = new Journal(db);
  const writing = journal.write(async (trx) => {
    await trx.insertInto("environment").values(row("a")).execute();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await trx.insertInto("environment").values(row("b")).execute();
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await db.selectFrom("environment").selectAll().execute()).toHaveLength(2);
  await writing;
  await db.destroy();
});

test("a second process on the same database is refused with a remedy", async () => {
  const { path, db } = await openTemporary();
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "DATABASE_IN_USE" });
  await db.destroy();
});

test("a database of a newer version is refused", async () => {
  const { path, db } = await openTemporary();
  await db
    .withTables<{ kysely_migration: { name: string; timestamp: string } }>()
    .insertInto("kysely_migration")
    .values({ name: "9999-from-the-future", timestamp: new Date().toISOString() })
    .execute();
  await db.destroy();
  await expect(openDatabase(path)).rejects.toMatchObject({ code: "DATABASE_TOO_NEW" });
});

test("a full disk refuses the write with what to do, and later writes succeed when there is room", async () => {
  const { db } = await openTemporary();
  await using journal = new Journal(db);
  await sql`pragma max_page_count = 80`.execute(db);
  const fill = (name: string) =>
    journal.write(async (trx) => {
      const row = { key: name, response: new Uint8Array(500_000), created_at: 0 };
      await trx.insertInto("idempotency").values(row).execute();
    });
  await expect(fill("large")).rejects.toMatchObject({ code: "STORAGE_FULL", status: "RESOURCE_EXHAUSTED" });
  await journal.write((trx) => trx.insertInto("environment").values(row("small")).execute());
  await sql`pragma max_page_count = 10000`.execute(db);
  await fill("large");
  expect(await db.selectFrom("idempotency").select("key").execute()).toEqual([{ key: "large" }]);
  await db.destroy();
});

test("a write that needs more room than there is takes no other one along, whatever their order [L4]", async () => {
  const { db } = await openTemporary();
  await using journal = new Journal(db);
  await sql`pragma max_page_count = 80`.execute(db);
  const write = (key: string, bytes: number) =>
    journal.write(async (trx) => {
      const row = { key, response: new Uint8Array(bytes), created_at: 0 };
      await trx.insertInto("idempotency").values(row).execute();
    });
  const sizes: [string, number][] = [
    ["a", 10],
    ["b", 400_000],
    ["c", 10],
    ["d", 400_000],
    ["e", 10],
  ];
  const outcomes = await Promise.all(
    sizes.map(([key, bytes]) =>
      write(key, bytes).then(
        () => key,
        (error: { code: string }) => error.code,
      ),
    ),
  );
  expect(outcomes).toEqual(["a", "STORAGE_FULL", "c", "STORAGE_FULL", "e"]);
  const kept = await db.selectFrom("idempotency").select("key").orderBy("key").execute();
  expect(kept.map(({ key }) => key)).toEqual(["a", "c", "e"]);
  await db.destroy();
});

test("memory is told of durable writes in the order of the works, before their callers", async () => {
  const { db } = await openTemporary();
  await using journal = new Journal(db);
  const told: string[] = [];
  const write = async (name: string) => {
    await journal.write(
      async () => name,
      (value) => told.push(`memory ${value}`),
    );
    told.push(`caller ${name}`);
  };
  await Promise.all([write("a"), write("b")]);
  expect(told).toEqual(["memory a", "memory b", "caller a", "caller b"]);
  await db.destroy();
});

test("a patient write goes to disk with the next one, before it, or soon by itself", async () => {
  const { db } = await openTemporary();
  await using journal = new Journal(db);
  const done: string[] = [];
  const write = async (name: string, how: "write" | "writePatiently") => {
    await journal[how]((trx) => trx.insertInto("environment").values(row(name)).execute());
    done.push(name);
  };
  await Promise.all([write("patient", "writePatiently"), write("urgent", "write")]);
  expect(done).toEqual(["patient", "urgent"]);
  await write("alone", "writePatiently");
  await write("alone again", "writePatiently");
  expect(await db.selectFrom("environment").select("name").execute()).toHaveLength(4);
  await db.destroy();
});

test("closing the journal writes what waits patiently", async () => {
  const { db } = await openTemporary();
  const journal = new Journal(db);
  const written = journal.writePatiently((trx) => trx.insertInto("environment").values(row("a")).execute());
  await journal[Symbol.asyncDispose]();
  await written;
  expect(await db.selectFrom("environment").select("name").execute()).toEqual([{ name: "a" }]);
  await db.destroy();
});
