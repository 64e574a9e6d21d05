import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { FileDescriptor, TaskLogsBatchSchema, TaskLogsSchema } from "@dorian/protocol/modal";
import { RoomWatch } from "@dorian/storage/room-watch";
import fc from "fast-check";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { AppLogs } from "./app-logs.ts";
import { filterItems, type LogFilter } from "./log-filter.ts";

/** A log on disk, whose server can be killed, and whose clock and disk the test commands. */
async function openLogs(limitBytes?: number, room?: RoomWatch) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-logs-"));
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  const clock = { ms: 1_700_000_000_000 };
  const disk = { isFull: false };
  const failing = {
    write: ((work, committed) =>
      disk.isFull
        ? journal.write(async (trx) => {
            await work(trx);
            throw new Error("full");
          })
        : journal.write(work, committed)) as Journal["write"],
  };
  const options = {
    db,
    journal: failing as Journal,
    logger: pino({ level: "silent" }),
    nowMs: () => clock.ms,
    ...(limitBytes === undefined ? {} : { limitBytes }),
    room,
  };
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  return { open: () => new AppLogs(options), clock, disk, db };
}

const source = { taskId: "ta-1", functionId: "fu-1" };
const line = (data: string) => create(TaskLogsSchema, { data });
const textOf = (entries: { batch: { items: { data: string }[] } }[]) =>
  entries.flatMap((entry) => entry.batch.items.map((item) => item.data));

async function readAll(logs: AppLogs, appId: string, from = 0): Promise<string[]> {
  const lines: string[] = [];
  for (let cursor = from; ;) {
    const entries = await logs.read(appId, cursor);
    const last = entries.at(-1);
    if (!last) return lines;
    lines.push(...textOf(entries));
    cursor = last.entry;
  }
}

test("lines come in order from any point, and after a restart", async () => {
  const { open } = await openLogs();
  const logs = open();
  const expected = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
  const said = expected.map((text) => logs.append("ap-1", source, [line(text)]));
  await Promise.all([...said, logs.append("ap-2", source, [line("other")])]);
  expect(await readAll(logs, "ap-1")).toEqual(expected);
  const third = (await logs.read("ap-1", 0)).at(2)?.entry;
  expect(await readAll(logs, "ap-1", third)).toEqual(expected.slice(3));
  const reopened = open();
  await reopened.append("ap-1", source, [line("after")]);
  expect(await readAll(reopened, "ap-1", third)).toEqual([...expected.slice(3), "after"]);
  expect(await readAll(reopened, "ap-2")).toEqual(["other"]);
});

test("beyond the limit the oldest lines go, and a word says so in their place", async () => {
  const { open } = await openLogs(10_000);
  const logs = open();
  for (let n = 0; n < 300; n++) await logs.append("ap-1", source, [line(`${n} ${"x".repeat(100)}`)]);
  const kept = await readAll(open(), "ap-1");
  expect(kept.at(-1)).toMatch(/^299 /);
  expect(kept.join("").length).toBeLessThan(10_000);
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.filter((text) => text.startsWith("Older lines were removed here"))).toEqual([kept[0]]);
});

test("a reader that waits is woken by the next line", async () => {
  const logs = (await openLogs()).open();
  const waiting = logs.waitFor("ap-1", 0, { signal: AbortSignal.timeout(5_000), timeoutMs: 5_000 });
  void logs.append("ap-1", source, [line("now")]);
  expect(logs.isBehind("ap-1")).toBe(true);
  await waiting;
  expect(logs.isBehind("ap-1")).toBe(false);
  expect(await readAll(logs, "ap-1")).toEqual(["now"]);
});

const steps = fc.array(
  fc.oneof(
    fc.constant("say" as const),
    fc.constant("read" as const),
    fc.constant("restart" as const),
    fc.integer({ min: -400_000_000, max: 400_000_000 }).map((ms) => ({ clock: ms })),
  ),
  { maxLength: 40 },
);

test("no step of the clock and no restart hides a line from a follower or shows it twice [L11]", async () => {
  const { open, clock } = await openLogs();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const appId = `ap-${run++}`;
      let logs = open();
      let cursor = 0;
      const seen: string[] = [];
      const said: string[] = [];
      for (const step of [...script, "read" as const]) {
        if (step === "say") {
          said.push(`${said.length}`);
          await logs.append(appId, source, [line(said.at(-1) ?? "")]);
        } else if (step === "restart") logs = open();
        else if (step !== "read") clock.ms += step.clock;
        if (step !== "read") continue;
        for (
          let page = await logs.read(appId, cursor);
          page.length > 0;
          page = await logs.read(appId, cursor)
        ) {
          seen.push(...textOf(page));
          cursor = page.at(-1)?.entry ?? cursor;
        }
      }
      expect(seen).toEqual(said);
    }),
    { numRuns: 40 },
  );
});

test("while the disk takes nothing lines are shown, and when it does they are kept under the same numbers [L11]", async () => {
  const { open, disk } = await openLogs();
  const logs = open();
  await logs.append("ap-1", source, [line("before")]);
  disk.isFull = true;
  let isSaved = false;
  const saved = logs.append("ap-1", source, [line("meanwhile")]).then(() => (isSaved = true));
  await logs.waitFor("ap-1", 1, { signal: AbortSignal.timeout(5_000), timeoutMs: 5_000 });
  const shown = await logs.read("ap-1", 1);
  expect(textOf(shown)).toEqual(["meanwhile"]);
  expect(isSaved).toBe(false);
  // A server that is killed now has said more than its disk knows: the next one's numbers come after those.
  const next = open();
  disk.isFull = false;
  await next.append("ap-1", source, [line("of the next")]);
  expect((await next.read("ap-1", 1))[0]?.entry).toBeGreaterThan(shown[0]?.entry ?? Infinity);
  await saved;
  expect(textOf(await logs.read("ap-1", 0))).toEqual(["before", "meanwhile", "of the next"]);
  expect(shown[0]?.batch.entryId).toBe((await logs.read("ap-1", 1))[0]?.batch.entryId);
});

test("on a disk that is short lines are shown and not kept, and kept when there is room again [L4]", async () => {
  const free = { bytes: 10, files: 10_000 };
  using room = new RoomWatch({
    directory: "/data",
    reserveBytes: 100,
    look: () => ({ free: { ...free }, size: { bytes: 1_000, files: 10_000 } }),
  });
  const { open, db } = await openLogs(undefined, room);
  await using logs = open();
  const kept = logs.append("ap-1", source, [line("while short\n")]);
  await expect.poll(() => readAll(logs, "ap-1")).toEqual(["while short\n"]);
  expect(await db.selectFrom("task_log").select("entry").execute()).toEqual([]);
  free.bytes = 1_000;
  await kept;
  expect(await db.selectFrom("task_log").select("entry").execute()).toHaveLength(1);
  expect(await readAll(logs, "ap-1")).toEqual(["while short\n"]);
});

test("a page is bounded by its bytes", async () => {
  const logs = (await openLogs()).open();
  const large = "x".repeat(400_000);
  await Promise.all([1, 2, 3, 4, 5].map(() => logs.append("ap-1", source, [line(large)])));
  expect(await logs.read("ap-1", 0)).toHaveLength(2);
  await logs.append("ap-2", source, [line("x".repeat(3_000_000))]);
  expect(await logs.read("ap-2", 0)).toHaveLength(1);
  expect((await readAll(logs, "ap-1")).length).toBe(5);
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
    fileDescriptor: FileDescriptor.UNSPECIFIED,
    searchText: "",
    language: undefined,
  };
  const texts = (filter: Partial<LogFilter>) =>
    filterItems(batch, { ...none, ...filter }).map((item) => item.data);
  expect(texts({})).toEqual(["out", "err"]);
  expect(texts({ functionCallId: "fc-1", fileDescriptor: 2 })).toEqual(["err"]);
  expect(texts({ inputId: "in-1" })).toEqual(["out"]);
  expect(texts({ taskId: "ta-2" })).toEqual([]);
  expect(texts({ functionIds: new Set(["fu-1"]), searchText: "rr" })).toEqual(["err"]);
});

test("a stretch of time is read backwards, page by page", async () => {
  const { open, clock } = await openLogs();
  const logs = open();
  const start = clock.ms;
  const said = Array.from({ length: 2_500 }, (_, n) => {
    clock.ms = start + n;
    return logs.append("ap-1", source, [line(`${n}`)]);
  });
  await Promise.all(said);
  const back = async (range: { since?: number; until?: number }) => {
    const lines: string[] = [];
    for (let cursor = Infinity; ;) {
      const page = await logs.readBack("ap-1", { since: undefined, until: undefined, ...range, cursor });
      if (page.length === 0) return lines;
      lines.push(...textOf(page));
      cursor = page.at(-1)?.entry ?? 0;
    }
  };
  expect(await back({})).toEqual(Array.from({ length: 2_500 }, (_, n) => `${2_499 - n}`));
  expect(await back({ since: start + 2, until: start + 4 })).toEqual(["3", "2"]);
  expect(await back({ since: start + 5_000 })).toEqual([]);
});
