import { FileDescriptor, type TaskLogs } from "@dorian/protocol/modal";
import { expect, onTestFinished, test, vi } from "vitest";
import { OutputLog } from "./output-log.ts";

function collect(
  current: () => { inputId: string; functionCallId: string } | undefined = () => undefined,
  clock: { elapsedMs?: () => number } = {},
) {
  const sent: TaskLogs[] = [];
  const send = (items: TaskLogs[]) => sent.push(...items);
  const log = new OutputLog({ send, current, flushMs: 5, nowMs: Date.now, ...clock });
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

test("a line belongs to the input that ran when it was begun, the next ones to the one that runs now", () => {
  let current = { inputId: "in-1", functionCallId: "fc-1" };
  const { sent, log } = collect(() => current);
  log.write("stdout", Buffer.from("begun "));
  current = { inputId: "in-2", functionCallId: "fc-2" };
  log.write("stdout", Buffer.from("and ended\nnext\n"));
  log.flush();
  expect(sent.map((item) => [item.data, item.inputId])).toEqual([
    ["begun and ended\n", "in-1"],
    ["next\n", "in-2"],
  ]);
});

test("the lines of two streams do not tear each other, and the last one needs no end [L11]", () => {
  const { sent, log } = collect();
  for (const [stream, text] of [
    ["stdout", "o"],
    ["stderr", "err"],
    ["stdout", "ut\n"],
    ["stderr", "or\nlast"],
  ] as const)
    log.write(stream, Buffer.from(text));
  log[Symbol.dispose]();
  expect(sent.map((item) => item.data)).toEqual(["out\n", "error\nlast"]);
});

test("a question is shown while its answer is waited for, and what grows without pause from time to time", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { sent, log } = collect();
  log.write("stdout", Buffer.from("Name? "));
  await vi.advanceTimersByTimeAsync(300);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(sent.map((item) => item.data)).toEqual(["Name? "]);
  for (let dots = 0; dots < 30; dots++) {
    log.write("stderr", Buffer.from("."));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(sent.length).toBeGreaterThan(1);
  log.write("stderr", Buffer.from("\n"));
  log[Symbol.dispose]();
  expect(
    sent
      .slice(1)
      .map((item) => item.data)
      .join(""),
  ).toBe(`${".".repeat(30)}\n`);
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
    nowMs: Date.now,
  });
  log.write("stdout", Buffer.from("live\n"));
  expect(await promise).toBe("live\n");
});

test("output without end is dropped from some point on, and the log says how much [B16]", () => {
  // On a clock that stands still: none of what may be said comes back meanwhile.
  const { sent, log } = collect(() => undefined, { elapsedMs: () => 0 });
  const line = Buffer.from(`${"x".repeat(1024 * 1024 - 1)}\n`);
  for (let piece = 0; piece < 40; piece += 1) log.write("stdout", line);
  log[Symbol.dispose]();
  const kept = sent.filter(({ fileDescriptor }) => fileDescriptor === FileDescriptor.STDOUT);
  expect(kept.reduce((sum, { data }) => sum + data.length, 0)).toBe(16 * 1024 * 1024);
  expect(sent.at(-1)?.data).toMatch(/^25165824 bytes of output were dropped here: /);
});
