import { FileDescriptor, type TaskLogs } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { OutputLog } from "./output-log.ts";

function collect(current: () => { inputId: string; functionCallId: string } | undefined = () => undefined) {
  const sent: TaskLogs[] = [];
  const log = new OutputLog({ send: (items) => sent.push(...items), current, flushMs: 5 });
  return { sent, log };
}

test("output written together travels together, and stdout and stderr keep their order", () => {
  const { sent, log } = collect();
  log.write("stdout", Buffer.from("one\n"));
  log.write("stdout", Buffer.from("two\n"));
  log.write("stderr", Buffer.from("three\n"));
  log.flush();
  expect(sent.map((item) => [item.fileDescriptor, item.data])).toEqual([
    [FileDescriptor.STDOUT, "one\ntwo\n"],
    [FileDescriptor.STDERR, "three\n"],
  ]);
});

test("a character cut between two writes arrives whole", () => {
  const { sent, log } = collect();
  const bytes = Buffer.from("ü\n");
  log.write("stdout", bytes.subarray(0, 1));
  log.write("stdout", bytes.subarray(1));
  log.flush();
  expect(sent.map((item) => item.data).join("")).toBe("ü\n");
});

test("lines are tagged with the input that ran when they were written", () => {
  let current: { inputId: string; functionCallId: string } | undefined;
  const { sent, log } = collect(() => current);
  log.write("stdout", Buffer.from("before\n"));
  current = { inputId: "in-1", functionCallId: "fc-1" };
  log.write("stdout", Buffer.from("during\n"));
  log.flush();
  expect(sent.map((item) => [item.data, item.inputId])).toEqual([
    ["before\n", ""],
    ["during\n", "in-1"],
  ]);
});

test("what is written reaches the reader without anybody asking", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = new OutputLog({
    send: ([item]) => resolve(item?.data ?? ""),
    current: () => undefined,
    flushMs: 5,
  });
  log.write("stdout", Buffer.from("live\n"));
  expect(await promise).toBe("live\n");
});

test("output without end is dropped from some point on, and the log says how much [B16]", () => {
  const { sent, log } = collect();
  for (let piece = 0; piece < 40; piece += 1) log.write("stdout", Buffer.alloc(1024 * 1024, "x"));
  log[Symbol.dispose]();
  const kept = sent.filter(({ fileDescriptor }) => fileDescriptor === FileDescriptor.STDOUT);
  expect(kept.reduce((sum, { data }) => sum + data.length, 0)).toBe(16 * 1024 * 1024);
  expect(sent.at(-1)?.data).toMatch(/^25165824 bytes of output were dropped here: /);
});
