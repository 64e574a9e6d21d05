import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppGetLogsRequestSchema, FileDescriptor, TaskLogsSchema } from "@dorian/protocol/modal";
import type { Language } from "@dorian/protocol/error/words";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { AppLogs } from "./app-logs.ts";
import { logHandlers } from "./log-handlers.ts";

/** The log of an app with so many containers left, that is stopped if no other is said. */
async function open(left: number, { stopped = true } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-log-handlers-"));
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const clock = { ms: 1_000_000 };
  const logs = new AppLogs({ db, journal, logger: pino({ level: "silent" }), nowMs: () => clock.ms });
  const containers = { left };
  const call = { isDone: false };
  const { appGetLogs } = logHandlers({
    logs,
    apps: {
      lookupApp: () => ({ description: "shop", environment: "main", stopped: true }),
      familyOf: () => [],
    },
    isGone: () => false,
    containersOfStopped: () => (stopped ? containers.left : undefined),
    farewellMs: 100,
    isCallDone: async () => call.isDone,
    lastWordsMs: 100,
  });
  const say = (data: string, functionCallId = "") =>
    logs.append("ap-1", { taskId: "ta-1", functionId: "fu-1" }, [
      create(TaskLogsSchema, { data, functionCallId, fileDescriptor: FileDescriptor.STDOUT }),
    ]);
  const read = async (
    language: Language,
    what: MessageInitShape<typeof AppGetLogsRequestSchema> = { timeout: 60 },
  ) => {
    const request = create(AppGetLogsRequestSchema, { appId: "ap-1", ...what });
    const identity = { kind: "client", tokenId: "ak-1" } as const;
    const context = { identity, language, signal: new AbortController().signal, idempotencyKey: "" };
    let text = "";
    for await (const batch of appGetLogs(request, context)) {
      for (const { data } of batch.items ?? []) text += data ?? "";
      if (batch.appDone) return text;
    }
    return `${text}(cut)`;
  };
  const end = () => {
    containers.left = 0;
    logs.wake("ap-1");
  };
  return { clock, say, read, end, call };
}

test("a Python reader of a stopped app is let go before it gives up, and told where the rest will be", async () => {
  const { say, read } = await open(12);
  await say("last words\n");
  expect(await read("python")).toBe(
    "last words\n12 containers are still stopping: `modal app logs ap-1` shows what is said until then.\n",
  );
});

test("other readers of a stopped app wait until its last container has ended", async () => {
  const { say, read, end } = await open(1);
  const reading = read("typescript");
  const python = await read("python");
  expect(python).toMatch(/^1 container is still stopping/);
  await say("last words\n");
  end();
  expect(await reading).toBe("last words\n");
  expect(await read("python")).toBe("last words\n");
});

test("a reader gets what came in a stretch of time alone, and the end of one ends the reading", async () => {
  const { clock, say, read } = await open(1);
  for (let n = 0; n < 5; n++) {
    clock.ms = 1_000_000 + n * 1000;
    await say(`${n}\n`);
  }
  const range = { since: timestampFromMs(1_001_000), until: timestampFromMs(1_003_000) };
  expect(await read("typescript", { ...range, timeout: 60 })).toBe("1\n2\n(cut)");
  expect(await read("typescript", { since: range.until })).toBe("3\n4\n(cut)");
  expect(await read("typescript", { since: timestampFromMs(2_000_000) })).toBe("(cut)");
  expect(await read("typescript", { until: timestampFromMs(5) })).toBe("(cut)");
});

test("a reader from a moment on that nothing came after gets what comes", async () => {
  const { clock, say, read, end } = await open(1);
  await say("before\n");
  const reading = read("typescript", { since: timestampFromMs(1_000_001), timeout: 60 });
  clock.ms = 1_000_002;
  await say("after\n");
  end();
  expect(await reading).toBe("after\n");
});

test("of many lines that were written at once a search gives those that have its text", async () => {
  const { say, read } = await open(1);
  await say("loss 3\nepoch 1\nloss 2\n");
  await say("epoch 2\n");
  expect(await read("typescript", { searchText: "loss" })).toBe("loss 3\nloss 2\n(cut)");
});

test("a reader of one call gets its last words, and is done when the call is; one in Python reads on", async () => {
  const { say, read, call } = await open(1, { stopped: false });
  await say("first\n", "fc-1");
  const request = { functionCallId: "fc-1", timeout: 60 };
  const reading = read("typescript", request);
  const python = read("python", { ...request, timeout: 3 });
  call.isDone = true;
  await say("of another\n", "fc-2");
  await say("last\n", "fc-1");
  expect(await reading).toBe("first\nlast\n");
  expect(await read("typescript", { ...request, timeout: 0 })).toBe("first\nlast\n(cut)");
  expect(await python).toBe("first\nlast\n(cut)");
});

test("a reader of a call that has ended, in an app that goes on talking, comes to an end", async () => {
  const { say, read: readFrom, call } = await open(1, { stopped: false });
  call.isDone = true;
  await say("said\n", "fc-1");
  const read = new AbortController();
  const talking = (async () => {
    while (!read.signal.aborted) await say("of another\n", "fc-2");
  })();
  expect(await readFrom("typescript", { functionCallId: "fc-1", timeout: 60 })).toBe("said\n");
  read.abort();
  await talking;
});
