import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { FileDescriptor, ModalClient, TaskLogsSchema } from "@dorian/protocol/modal";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
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
  const handlers = storedLogHandlers({ logs, apps });
  const modal = createLocalClient(ModalClient, handlers, { kind: "client", tokenId: "ak-1" });
  const sayAll = async (pieces: string[], fileDescriptor = FileDescriptor.STDOUT, functionId = "fu-base") =>
    await logs.append(
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
  const said: Promise<void>[] = [];
  for (let n = 0; n < 1_300; n++) {
    clock.ms = start + n * 1000;
    said.push(say(`${n}\n`));
  }
  await Promise.all(said);
  const range = { since: at(start + 10_000), until: at(start + 1_200_000) };
  const last = await modal.appFetchLogs({ appId: "ap-1", ...range, limit: 3 });
  expect(textOf(last)).toEqual(["1197\n", "1198\n", "1199\n"]);
  const all = await modal.appFetchLogs({ appId: "ap-1", ...range, limit: 5_000 });
  expect(textOf(all)).toEqual(Array.from({ length: 1_190 }, (_, n) => `${n + 10}\n`));
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", limit: 1 }))).toEqual(["1299\n"]);
});

test("lines are counted by stretch and by where they were written, filtered like the lines themselves", async () => {
  const { clock, modal, say } = await open();
  const start = (clock.ms = Math.ceil(clock.ms / 60_000) * 60_000);
  await say("a");
  await say("b", FileDescriptor.STDERR, "fu-variant");
  clock.ms += 61_000;
  await say("c", FileDescriptor.INFO, "fu-other");
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
  await sayAll(["1\n2", "\n", "\n"]);
  await say("3 and no end");
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", limit: 3 }))).toEqual([
    "2\n",
    "\n",
    "3 and no end",
  ]);
  expect((await modal.appCountLogs({ appId: "ap-1" })).buckets[0]?.stdoutLogs).toBe(4n);
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", searchText: "2" }))).toEqual(["2\n"]);
});

test("a part of a line that its writer paused in is one line with the rest, whoever spoke between [L11]", async () => {
  const { modal, say } = await open();
  await say("Name? ");
  await say("other\n", FileDescriptor.STDERR);
  await say("Ada\nnext\n");
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1" }))).toEqual(["other\n", "Name? Ada\n", "next\n"]);
});

test("a clock that is set back hides nothing, and each line has the time of its day [L11]", async () => {
  const { clock, modal, say } = await open();
  const start = clock.ms;
  await say("before\n");
  clock.ms = start + 365 * 86_400_000;
  await say("in a year\n");
  clock.ms = start + 1_000;
  await say("after\n");
  const fetched = async (range: object) => textOf(await modal.appFetchLogs({ appId: "ap-1", ...range }));
  expect(await fetched({})).toEqual(["before\n", "in a year\n", "after\n"]);
  expect(await fetched({ since: at(start), until: at(start + 5_000) })).toEqual(["before\n", "after\n"]);
  expect(await fetched({ since: at(start + 500) })).toEqual(["in a year\n", "after\n"]);
});

test("a container that wrote nothing but line breaks keeps nobody waiting when its log is read or counted [B11]", async () => {
  const { modal, sayAll } = await open();
  for (let batch = 0; batch < 4; batch++) await sayAll(["\n".repeat(50_000)]);
  const turnsOf = async (answer: Promise<unknown>) => {
    let turns = 0;
    const over = answer.then(() => "over");
    while ((await Promise.race([over, nextTurn("not yet")])) !== "over") turns += 1;
    return turns;
  };
  const counted = modal.appCountLogs({ appId: "ap-1" });
  expect(await turnsOf(counted)).toBeGreaterThan(50);
  expect((await counted).buckets.reduce((sum, { stdoutLogs }) => sum + stdoutLogs, 0n)).toBe(200_000n);
  const searched = modal.appFetchLogs({ appId: "ap-1", searchText: "x" });
  expect(await turnsOf(searched)).toBeGreaterThan(50);
  expect(textOf(await modal.appFetchLogs({ appId: "ap-1", limit: 3 }))).toEqual(["\n", "\n", "\n"]);
});
