// What the journal does when the disk fails, with faults put in between it and a real database.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "@dorian/base/app-error";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase, type Database } from "./database.ts";
import { Journal } from "./journal.ts";

const inputOutputError = () => Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
const sqliteError = (errcode: number, text: string) => Object.assign(new Error(text), { errcode });

/** Steps of a write at which a disk may fail. */
interface Faults {
  commit?: (really: () => void) => void;
  rollback?: () => void;
  flush?: () => void;
  moveLog?: () => void;
}

/** The database itself where no fault is set. */
function withFaults(db: Database, faults: Faults): Database {
  return new Proxy(db, {
    get(target, name) {
      if (name === "flush" && faults.flush) return async () => faults.flush?.();
      if (name === "isLogLong" && faults.moveLog) return true;
      if (name === "moveLog" && faults.moveLog) return faults.moveLog;
      if (name === "exclusively") {
        const exclusively: Database["exclusively"] = (work) =>
          target.exclusively((trx, connection) =>
            work(trx, {
              get inTransaction() {
                return connection.inTransaction;
              },
              run(sql) {
                if (sql === "commit" && faults.commit) faults.commit(() => connection.run(sql));
                else connection.run(sql);
              },
              rollback() {
                faults.rollback?.();
                connection.rollback();
              },
            }),
          );
        return exclusively;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

async function openTemporary() {
  const directory = await mkdtemp(join(tmpdir(), "dorian-journal-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "state.db");
  const db = await openDatabase(path);
  const faults: Faults = {};
  const broken = vi.fn<(failure: AppError) => void>();
  const journal = new Journal(withFaults(db, faults), { onBroken: broken });
  const put = (key: string, bytes = 10) =>
    journal.write(async (trx) => {
      const row = { key, response: new Uint8Array(bytes), created_at: 0 };
      await trx.insertInto("idempotency").values(row).execute();
    });
  /** What the next process finds. */
  const found = async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    const again = await openDatabase(path);
    const rows = await again.selectFrom("idempotency").select("key").orderBy("key").execute();
    await again.destroy();
    return rows.map(({ key }) => key);
  };
  return { path, db, journal, faults, broken, put, found };
}

/** Neither kept nor refused while everything else that was to happen has happened. */
async function isUnsettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  return !settled;
}

test("without a fault in between, every write is kept and nothing breaks", async () => {
  const { put, broken, found } = await openTemporary();
  await Promise.all([put("a"), put("b")]);
  await put("c");
  expect(await found()).toEqual(["a", "b", "c"]);
  expect(broken).not.toHaveBeenCalled();
});

test.each<[string, Faults, string[]]>([
  [
    "a flush fails after the commit",
    {
      flush() {
        throw inputOutputError();
      },
    },
    ["a", "b"],
  ],
  [
    "a commit fails that has happened",
    {
      commit(really) {
        really();
        throw sqliteError(10 | (4 << 8), "disk I/O error");
      },
    },
    ["a", "b"],
  ],
  [
    "a commit fails that has not happened",
    {
      commit() {
        throw sqliteError(10 | (3 << 8), "disk I/O error");
      },
    },
    ["a"],
  ],
  [
    "what was written cannot be taken back",
    {
      commit() {
        throw sqliteError(13, "database or disk is full");
      },
      rollback() {
        throw sqliteError(10, "disk I/O error");
      },
    },
    ["a"],
  ],
])("when %s nobody is told anything, and the process hears of it once [L4]", async (_name, fault, kept) => {
  const { put, faults, broken, found } = await openTemporary();
  await put("a");
  Object.assign(faults, fault);
  const writing = put("b");
  const behind = put("c");
  expect(await isUnsettled(Promise.race([writing, behind]))).toBe(true);
  for (const name of Object.keys(fault)) Reflect.deleteProperty(faults, name);
  expect(await isUnsettled(put("d"))).toBe(true);
  expect(broken).toHaveBeenCalledTimes(1);
  expect(broken.mock.calls[0]?.[0]).toMatchObject({ code: "DATABASE_OUTCOME_UNKNOWN" });
  const all = await found();
  expect(all.filter((key) => key !== "c")).toEqual(kept);
  // They shared a transaction.
  expect(all.includes("c")).toBe(all.includes("b"));
});

test("a log that cannot be moved into the file breaks the journal, behind the answer for what is durable [L4]", async () => {
  const { put, faults, broken, found } = await openTemporary();
  faults.moveLog = () => {
    throw sqliteError(10 | (4 << 8), "disk I/O error");
  };
  await put("a");
  expect(await isUnsettled(put("b"))).toBe(true);
  expect(broken).toHaveBeenCalledTimes(1);
  expect(await found()).toContain("a");
});

test("a disk that is full, or cannot be read, refuses a write and goes on", async () => {
  const { put, journal, faults, broken, found } = await openTemporary();
  faults.commit = () => {
    throw sqliteError(13, "database or disk is full");
  };
  await expect(put("a")).rejects.toMatchObject({ code: "STORAGE_FULL" });
  delete faults.commit;
  const unreadable = journal.write(async () => {
    throw sqliteError(10 | (1 << 8), "disk I/O error");
  });
  await expect(unreadable).rejects.toMatchObject({ code: "DATABASE_WRITE_FAILED" });
  await put("b");
  expect(broken).not.toHaveBeenCalled();
  expect(await found()).toEqual(["b"]);
});

test("the log is moved into the file when it has become long, and does not grow", async () => {
  const { path, put, db, broken, found } = await openTemporary();
  const { size: before } = await stat(path);
  for (let n = 0; n < 12; n += 1) await put(`k${n}`, 2 ** 20);
  expect(db.isLogLong).toBe(false);
  expect((await stat(path)).size).toBeGreaterThan(before + 6 * 2 ** 20);
  expect((await stat(`${path}-wal`)).size).toBeLessThan(12 * 2 ** 20);
  expect(await found()).toHaveLength(12);
  expect(broken).not.toHaveBeenCalled();
});
