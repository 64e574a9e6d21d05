import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { createLocalClient } from "@dorian/protocol/local-client";
import { FileDescriptor, ModalClient, TaskLogsSchema } from "@dorian/protocol/modal";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../database/database.ts";
import { Journal } from "../database/journal.ts";
import { AppLogs } from "./app-logs.ts";
import { storedLogHandlers } from "./stored-log-handlers.ts";

/** A log with a clock that the test sets; "fu-variant" is a bound variant of "fu-base". */
async function open() {
  const directory = await mkdtemp(join(tmpdir(), "dorian-stored-logs-"));
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const clock = { ms: 1_000_000_000_000 };
  const logs = new AppLogs({ db, journal, logger: pino({ level: "silent" }), nowMs: () => clock.ms });
  const apps = {
    lookupApp: (appId: string) =>
      appId === "ap-1" ? { description: "shop", environment: "main", stopped: false } : undefined,
    familyOf: (functionId: string) => (functionId === "fu-base" ? ["fu-base", "fu-variant"] : [functionId]),
  };
  const handlers = storedLogHandlers({ logs, apps, nowMs: () => clock.ms });
  const modal = createLocalClient(ModalClient, handlers, { kind: "client", tokenId: "ak-1" });
  const sayAll = (pieces: string[], fileDescriptor = FileDescriptor.STDOUT, functionId = "fu-base") =>
    logs.append(
      "ap-1",
      { taskId: "ta-1", functionId },
      pieces.map((data) => create(TaskLogsSchema, { data, fileDescriptor })),
    );
  const say = (data: string, fileDescriptor?: FileDescriptor, functionId?: string) =>
    sayAll([data], fileDescriptor, functionId);
  return { clock, modal, say, sayAll };
}

const at = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
const textOf = ({ batches }: { batches: { items: { data: string }[] }[] }) =>
  batches.flatMap((batch) => batch.items.map((item) => item.data));

test("the last lines of a stretch of time come in the order in which they were said", async () => {
  const { clock, modal, say } = await open();
  const start = clock.ms;
  for (let n = 0; n < 1_300; n++) {
    clock.ms = start + n * 1000;
    say(`${n}`);
  }
  const range = { since: at(start + 10_000), until: at(start + 1_200_000) };
  const last = await modal.appFetchLogs({ appId: "ap-1", ...range, limit: 3 });
  expect(textOf(last)).toEqual(["1197", "1198", "1199"]);
  const all = await modal.appFetchLogs({ appId: "ap-1", ...range, limit: 5_000 });
  expect(textOf(all)).toEqual(Array.from({ length: 1_190 }, (_, n) => `${n + 10}`));
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", limit: 1 }))).toEqual(["1299"]);
});

test("lines are counted by stretch and by where they were written, filtered like the lines themselves", async () => {
  const { clock, modal, say } = await open();
  const start = (clock.ms = Math.ceil(clock.ms / 60_000) * 60_000);
  say("a");
  say("b", FileDescriptor.STDERR, "fu-variant");
  clock.ms += 61_000;
  say("c", FileDescriptor.INFO, "fu-other");
  const counted = async (filter: object) =>
    (await modal.appCountLogs({ appId: "ap-1", bucketSecs: 60, ...filter })).buckets.map((bucket) => [
      Number(bucket.bucketStartAt?.seconds) - start / 1000,
      Number(bucket.stdoutLogs),
      Number(bucket.stderrLogs),
      Number(bucket.systemLogs),
    ]);
  expect(await counted({})).toEqual([
    [0, 1, 1, 0],
    [60, 0, 0, 1],
  ]);
  expect(await counted({ functionId: "fu-base" })).toEqual([[0, 1, 1, 0]]);
  expect(await counted({ parametrizedFunctionId: "fu-variant" })).toEqual([[0, 0, 1, 0]]);
  expect(await counted({ source: FileDescriptor.STDOUT })).toEqual([[0, 1, 0, 0]]);
  expect(await counted({ searchText: "nothing" })).toEqual([]);
  await expect(modal.appCountLogs({ appId: "ap-2" })).rejects.toMatchObject({ code: "APP_NOT_FOUND" });
});

test("what a container sends at once are as many lines as it has, and pieces of a line are one", async () => {
  const { modal, say, sayAll } = await open();
  sayAll(["1\n2", "\n", "\n"]);
  say("3 and no end");
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", limit: 3 }))).toEqual([
    "2\n",
    "\n",
    "3 and no end",
  ]);
  expect((await modal.appCountLogs({ appId: "ap-1" })).buckets[0]?.stdoutLogs).toBe(4n);
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", searchText: "2" }))).toEqual(["2\n"]);
});
