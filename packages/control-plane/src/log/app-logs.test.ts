import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { TaskLogsBatchSchema, TaskLogsSchema } from "@dorian/protocol/modal";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../database/database.ts";
import { Journal } from "../database/journal.ts";
import { AppLogs } from "./app-logs.ts";
import { filterItems, type LogFilter } from "./log-filter.ts";

async function openLogs(limitBytes?: number) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-logs-"));
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  const options = { db, journal, logger: pino({ level: "silent" }), nowMs: Date.now };
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const open = () => new AppLogs({ ...options, ...(limitBytes === undefined ? {} : { limitBytes }) });
  return { open, saved: () => journal.write(async () => undefined) };
}

const source = { taskId: "ta-1", functionId: "fu-1" };
const line = (data: string) => create(TaskLogsSchema, { data });
const textOf = (entries: { batch: { items: { data: string }[] } }[]) =>
  entries.flatMap((entry) => entry.batch.items.map((item) => item.data));

async function readAll(logs: AppLogs, appId: string, from = 0): Promise<string[]> {
  const lines: string[] = [];
  for (let cursor = from; ;) {
    const entries = await logs.read(appId, cursor, 100);
    const last = entries.at(-1);
    if (!last) return lines;
    lines.push(...textOf(entries));
    cursor = last.entry;
  }
}

test("lines come in order from any point, from memory, from disk and after a restart", async () => {
  const { open, saved } = await openLogs();
  const logs = open();
  const expected = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
  for (const [n, text] of expected.entries()) {
    logs.append("ap-1", source, [line(text)]);
    if (n % 700 === 0) await saved();
  }
  logs.append("ap-2", source, [line("other")]);
  expect(await readAll(logs, "ap-1")).toEqual(expected);
  await saved();
  const [, , third] = await logs.read("ap-1", 0, 3);
  expect(await readAll(logs, "ap-1", third?.entry)).toEqual(expected.slice(3));
  const reopened = open();
  reopened.append("ap-1", source, [line("after")]);
  expect(await readAll(reopened, "ap-1", third?.entry)).toEqual([...expected.slice(3), "after"]);
  expect(await readAll(reopened, "ap-2")).toEqual(["other"]);
});

test("beyond the limit the oldest lines go", async () => {
  const { open, saved } = await openLogs(10_000);
  const logs = open();
  for (let n = 0; n < 300; n++) {
    logs.append("ap-1", source, [line(`${n} ${"x".repeat(100)}`)]);
    await saved();
  }
  await saved();
  const kept = await readAll(open(), "ap-1");
  expect(kept.at(-1)).toMatch(/^299 /);
  expect(kept.join("").length).toBeLessThan(10_000);
  expect(kept.length).toBeGreaterThan(50);
});

test("a reader that waits is woken by the next line", async () => {
  const logs = (await openLogs()).open();
  const waiting = logs.waitFor("ap-1", 0, { signal: AbortSignal.timeout(5_000), timeoutMs: 5_000 });
  logs.append("ap-1", source, [line("now")]);
  await waiting;
  expect(await readAll(logs, "ap-1")).toEqual(["now"]);
});

test("filters keep what was asked for", () => {
  const batch = create(TaskLogsBatchSchema, {
    ...source,
    items: [
      { data: "out", fileDescriptor: 1, inputId: "in-1", functionCallId: "fc-1" },
      { data: "err", fileDescriptor: 2, inputId: "in-2", functionCallId: "fc-1" },
    ],
  });
  const none = {
    functionIds: undefined,
    taskId: "",
    inputId: "",
    functionCallId: "",
    fileDescriptor: 0,
    searchText: "",
  };
  const texts = (filter: Partial<LogFilter>) =>
    filterItems(batch, { ...none, ...filter }).map((item) => item.data);
  expect(texts({})).toEqual(["out", "err"]);
  expect(texts({ functionCallId: "fc-1", fileDescriptor: 2 })).toEqual(["err"]);
  expect(texts({ inputId: "in-1" })).toEqual(["out"]);
  expect(texts({ taskId: "ta-2" })).toEqual([]);
  expect(texts({ functionIds: new Set(["fu-1"]), searchText: "rr" })).toEqual(["err"]);
});

test("a stretch of time is read backwards across what is in memory and what is on disk", async () => {
  const { open, saved } = await openLogs();
  const logs = open();
  for (let n = 0; n < 2_500; n++) logs.append("ap-1", source, [line(`${n}`)]);
  await saved();
  logs.append("ap-1", source, [line("unsaved")]);
  const all = await logs.readBack("ap-1", { since: 0, until: Number.MAX_SAFE_INTEGER, limit: 5_000 });
  expect(textOf(all)).toEqual(["unsaved", ...Array.from({ length: 2_500 }, (_, n) => `${2_499 - n}`)]);
  const range = { since: all.at(-3)?.entry ?? 0, until: all.at(-5)?.entry ?? 0, limit: 5_000 };
  expect(textOf(await logs.readBack("ap-1", range))).toEqual(["3", "2"]);
  expect(textOf(await open().readBack("ap-1", { ...range, limit: 1 }))).toEqual(["3"]);
});
