import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { AppGetLogsRequestSchema, FileDescriptor, TaskLogsSchema } from "@dorian/protocol/modal";
import type { Language } from "@dorian/protocol/error/words";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { AppLogs } from "./app-logs.ts";
import { logHandlers } from "./log-handlers.ts";

/** The log of an app that is stopped, with so many containers left. */
async function open(left: number) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-log-handlers-"));
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const logs = new AppLogs({ db, journal, logger: pino({ level: "silent" }), nowMs: () => 1_000_000 });
  const containers = { left };
  const { appGetLogs } = logHandlers({
    logs,
    apps: {
      lookupApp: () => ({ description: "shop", environment: "main", stopped: true }),
      familyOf: () => [],
    },
    isGone: () => false,
    containersOfStopped: () => containers.left,
    farewellMs: 100,
  });
  const say = (data: string) =>
    logs.append("ap-1", { taskId: "ta-1", functionId: "fu-1" }, [
      create(TaskLogsSchema, { data, fileDescriptor: FileDescriptor.STDOUT }),
    ]);
  const read = async (language: Language) => {
    const request = create(AppGetLogsRequestSchema, { appId: "ap-1", timeout: 60 });
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
  return { say, read, end };
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
