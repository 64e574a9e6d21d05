// The database on a file system that is full: a small one of its own.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase, type Database } from "./database.ts";
import { Journal } from "./journal.ts";
import { addSparePages } from "./spare-pages.ts";

const mebibyte = 2 ** 20;
const never = new AbortController().signal;

/** A directory on a file system of 96 MiB, and what fills it to the last byte or frees it. */
async function smallDirectory() {
  const place = await mkdtemp(join(tmpdir(), "dorian-full-database-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=96m", "dorian-test", place]);
  onTestFinished(async () => {
    execFileSync("umount", [place]);
    await rm(place, { recursive: true });
  });
  const filler = join(place, "filler");
  return {
    path: join(place, "state.db"),
    async fill() {
      const { bavail, bsize } = await statfs(place);
      await writeFile(filler, Buffer.alloc(bavail * bsize));
      expect((await statfs(place)).bavail).toBe(0);
    },
    free: () => rm(filler),
  };
}

const put = (journal: Journal, key: string, bytes = 10) =>
  journal.write(async (trx) => {
    const row = { key, response: new Uint8Array(bytes), created_at: 0 };
    await trx.insertInto("idempotency").values(row).execute();
  });

const keys = async (db: Database) =>
  (await db.selectFrom("idempotency").select("key").orderBy("key").execute()).map(({ key }) => key);

test("with spare pages writes go on for long on a full disk, are durable, and fail one by one when those are used up [L4]", async () => {
  const disk = await smallDirectory();
  const db = await openDatabase(disk.path);
  await using journal = new Journal(db);
  await addSparePages({ db, journal }, { bytes: 16 * mebibyte, signal: never });
  const { rows } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db);
  expect(rows[0]?.freelist_count).toBeGreaterThan(4_000);
  await disk.fill();
  // Several times what the log holds.
  for (let n = 0; n < 3_000; n += 1) {
    await put(journal, `k${String(n).padStart(5, "0")}`, 2_000).catch((error: Error) => {
      throw new Error(`write ${n}: ${error.message}`);
    });
  }
  await journal.write((trx) => trx.deleteFrom("idempotency").where("key", ">", "k00010").execute());
  const large = put(journal, "large", 40 * mebibyte);
  const small = put(journal, "small");
  await expect(large).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await small;
  await disk.free();
  await put(journal, "z", 20 * mebibyte);
  expect(await keys(db)).toEqual([
    ...Array.from({ length: 11 }, (_, n) => `k${String(n).padStart(5, "0")}`),
    "small",
    "z",
  ]);
  await db.destroy();
  const again = await openDatabase(disk.path);
  expect(await keys(again)).toHaveLength(13);
  await again.destroy();
});
