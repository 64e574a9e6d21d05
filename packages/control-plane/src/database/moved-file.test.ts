// What happens when somebody moves, removes or replaces the database's file while a server has it open.
import { copyFile, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "@dorian/base/app-error";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase } from "./database.ts";
import { openStores } from "./open-stores.ts";

async function opened() {
  const directory = await mkdtemp(join(tmpdir(), "dorian-moved-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const broken = vi.fn<(failure: AppError) => void>();
  const stores = await openStores({
    dataDirectory: directory,
    version: "0.1.0",
    reserveBytes: 0,
    onBroken: broken,
    logger: pino({ level: "silent" }),
    nowMs: () => 0,
  });
  onTestFinished(() => stores[Symbol.asyncDispose]());
  const note = (name: string) =>
    stores.journal.write(async (trx) => {
      const row = { environment_id: name, name, scope: name, web_suffix: "", image_builder_version: null };
      await trx
        .insertInto("environment")
        .values({ ...row, created_at: 0 })
        .execute();
    });
  return { path: join(directory, "state.db"), broken, note };
}

async function environmentsIn(path: string): Promise<(string | null)[]> {
  const db = await openDatabase(path);
  try {
    const rows = await db.selectFrom("environment").select("name").orderBy("name").execute();
    return rows.map(({ name }) => name);
  } finally {
    await db.destroy();
  }
}

test("a server whose database is replaced by a copy ends; each file has what was written to it, and nothing of the other", async () => {
  const { path, broken, note } = await opened();
  await note("before");
  await copyFile(path, `${path}.copy`);
  await note("after");
  await rename(path, `${path}.aside`);
  await rename(`${path}.copy`, path);
  await vi.waitFor(() => expect(broken).toHaveBeenCalledOnce(), { timeout: 5_000 });
  expect(broken.mock.calls[0]?.[0].code).toBe("DATABASE_MOVED");
  expect((await stat(`${path}-wal`)).size).toBe(0);
  const left = await Promise.race([
    note("later").then(() => "written"),
    new Promise((resolve) => setTimeout(() => resolve("never told"), 300)),
  ]);
  expect(left).toBe("never told");
  await copyFile(`${path}.aside`, `${path}.read`);
  expect(await environmentsIn(`${path}.read`)).toEqual(expect.arrayContaining(["after", "before"]));
});

test("a server whose database is removed ends, and one whose database stays goes on", async () => {
  const [gone, kept] = [await opened(), await opened()];
  await rm(gone.path);
  await vi.waitFor(() => expect(gone.broken).toHaveBeenCalledOnce(), { timeout: 5_000 });
  await kept.note("goes on");
  expect(kept.broken).not.toHaveBeenCalled();
});
