import { create } from "@bufbuild/protobuf";
import { ExecOutputSchema } from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import type { Tasks } from "../task/tasks.ts";
import type { Workers } from "../fleet/workers.ts";
import { Execs } from "./execs.ts";

const { signal } = new AbortController();
const mebibyte = 2 ** 20;

function serving() {
  const sent: string[] = [];
  const task = { isOver: false, state: "running", workerId: "wo-1", timeline: new Set(["place"]) };
  const execs = new Execs({
    tasks: { get: () => task } as unknown as Tasks,
    workers: {
      isConnected: () => true,
      send: (_workerId: string, message: { case: string; value: { execId: string; cancel?: boolean } }) =>
        sent.push(`${message.value.execId} ${message.value.cancel ? "cancel" : message.case}`),
    } as unknown as Workers,
    elapsedMs: () => performance.now(),
  });
  let count = 0;
  const start = (
    more: { command?: string[]; env?: Record<string, string>; workdir?: string; taskId?: string } = {},
  ) =>
    execs.start(
      {
        execId: `ex-${count++}`,
        taskId: "ta-1",
        tokenId: "ak-1",
        command: ["sh"],
        failure: "as error",
        ...more,
      },
      { signal },
    );
  const report = (
    execId: string,
    stdout: Uint8Array,
    more: { exitCode?: number; inputTaken?: bigint } = {},
  ) => execs.reported(create(ExecOutputSchema, { execId, stdout, ...more }));
  return { execs, start, report, sent };
}

test.each([
  ["an argument", { command: ["echo", "x".repeat(200_000)] }],
  ["arguments", { command: ["echo", ...Array<string>(300_000).fill("x")] }],
  ["a variable", { env: { A: "x".repeat(200_000) } }],
  ["variables", { env: Object.fromEntries(Array.from({ length: 300_000 }, (_, at) => [`A${at}`, ""])) }],
  ["a directory", { workdir: "/a".repeat(3_000) }],
])("a command with %s that no kernel takes is sent to no worker [B7]", async (_, command) => {
  const { start, sent } = serving();
  await expect(start(command)).rejects.toMatchObject({ code: "EXEC_COMMAND_TOO_LONG" });
  await start({ command: ["echo", "x".repeat(130_000)], env: { A: "x".repeat(130_000) } });
  expect(sent).toHaveLength(1);
});

test("a container runs so many commands at once and no more, whoever asks; others are let in [B16]", async () => {
  const { start, report } = serving();
  for (let count = 0; count < 128; count += 1) await start();
  await expect(start()).rejects.toMatchObject({ code: "EXECS_TOO_MANY", status: "RESOURCE_EXHAUSTED" });
  await start({ taskId: "ta-2" });
  report("ex-5", new Uint8Array(), { exitCode: 0 });
  await start();
});

test("what commands wrote and nobody reads is bounded for all together: the largest makes room [B16]", async () => {
  const { execs, start, report, sent } = serving();
  const unread = Array.from({ length: 6 }, (_, at) => `ex-${at}`);
  for (const execId of unread) {
    await start();
    for (let part = 0; part < 60; part += 1) report(execId, new Uint8Array(mebibyte));
  }
  const held = unread.map((execId) => execs.require(execId).output.bytes / mebibyte);
  expect(held).toEqual([0, 0, 0, 0, 60, 60]);
  expect(sent.filter((order) => order.endsWith("cancel"))).toEqual(
    unread.slice(0, 4).map((execId) => `${execId} cancel`),
  );
  const reading = execs.require("ex-0").output.bytesOf("stdout", { offset: 0, signal });
  await expect(reading.next()).rejects.toMatchObject({ code: "EXEC_OUTPUT_UNREAD" });
});

test("commands whose output is read are ended for nobody, however many there are and however much they write", async () => {
  const { execs, start, report, sent } = serving();
  for (let count = 0; count < 60; count += 1) {
    const exec = await start({ taskId: `ta-${count}` });
    const reading = exec.output.bytesOf("stdout", { offset: 0, signal });
    for (let part = 0; part < 5; part += 1) {
      report(exec.facts.execId, new Uint8Array(mebibyte));
      expect((await reading.next()).value?.length).toBe(mebibyte);
    }
    void reading.next();
  }
  expect(sent.filter((order) => order.endsWith("cancel"))).toEqual([]);
  expect(execs.require("ex-59").output.bytes).toBeGreaterThan(0);
});

test("input goes no faster than the command reads, and waits for nobody at its end [B7]", async () => {
  const { execs, start, report } = serving();
  const exec = await start();
  const piece = new Uint8Array(5 * mebibyte);
  execs.input(exec, { stdin: piece });
  // A worker of before does not tell.
  await exec.whenRoomForInput({ signal });
  report("ex-0", new Uint8Array(), { inputTaken: 0n });
  let hasRoom = false;
  const room = exec.whenRoomForInput({ signal }).then(() => (hasRoom = true));
  report("ex-0", new Uint8Array(), { inputTaken: 100n });
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  report("ex-0", new Uint8Array(), { inputTaken: BigInt(2 * mebibyte) });
  await room;
  execs.input(exec, { stdin: piece });
  const atEnd = exec.whenRoomForInput({ signal });
  report("ex-0", new Uint8Array(), { exitCode: 0 });
  await atEnd;
});
