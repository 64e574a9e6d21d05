import { create } from "@bufbuild/protobuf";
import { ExecInputSchema, ExecStartSchema } from "@dorian/protocol/worker";
import { expect, test, vi } from "vitest";
import type { Container, ExecOptions } from "./runtime.ts";
import { Execs, type ExecReport } from "./execs.ts";

function scripted(work: (options: ExecOptions) => Promise<number>) {
  const reports: ExecReport[] = [];
  const seen: ExecOptions[] = [];
  const execs = new Execs((report) => reports.push(report));
  execs.connected([], {});
  const container = {
    async exec(_args: string[], options: ExecOptions) {
      seen.push(options);
      return await work(options);
    },
  } as unknown as Container;
  const start = (execId: string) =>
    execs.start(
      create(ExecStartSchema, { execId, taskId: "ta-1", command: ["sh"], env: { A: "b" }, workdir: "/tmp" }),
      async () => container,
    );
  return { execs, reports, seen, start };
}

const untilAborted = ({ signal }: ExecOptions) =>
  new Promise<number>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a command gets its environment and directory, and its output and end are told", async () => {
  const { reports, seen, start } = scripted(async ({ onOutput }) => {
    onOutput("stdout", Buffer.from("out"));
    return 3;
  });
  await start("ex-1");
  expect(seen[0]).toMatchObject({ env: { A: "b" }, cwd: "/tmp" });
  expect(reports).toEqual([
    { execId: "ex-1", index: 1n, stdout: Buffer.from("out") },
    { execId: "ex-1", index: 2n, exitCode: 3 },
  ]);
});

test("a command is ended when its caller goes, and when the server has forgotten it", async () => {
  const { execs, reports, seen, start } = scripted(untilAborted);
  const running = [start("ex-1"), start("ex-2"), start("ex-3")];
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  execs.input(create(ExecInputSchema, { execId: "ex-1", index: 1n, cancel: true }));
  execs.connected(["ex-1", "ex-3"], {});
  await Promise.all(running.slice(0, 2));
  expect(reports.map(({ execId }) => execId)).toEqual(["ex-1", "ex-2"]);
  execs.input(create(ExecInputSchema, { execId: "ex-3", index: 1n, cancel: true }));
  await running[2];
});

test("what was said of a command while nobody listened, or was lost on its way, is said when the server is back", async () => {
  const written = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const { execs, reports, start } = scripted(async ({ onOutput }) => {
    onOutput("stdout", Buffer.from("lost"));
    await written.promise;
    onOutput("stderr", Buffer.from("away"));
    await ended.promise;
    return 0;
  });
  const running = start("ex-1");
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  execs.disconnected();
  written.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports).toHaveLength(1);
  reports.length = 0;
  execs.connected(["ex-1"], { "ex-1": 0n });
  expect(reports.map(({ index }) => index)).toEqual([1n, 2n]);
  execs.disconnected();
  ended.resolve();
  await running;
  reports.length = 0;
  execs.connected(["ex-1"], { "ex-1": 2n });
  expect(reports).toEqual([{ execId: "ex-1", index: 3n, exitCode: 0 }]);
});

test("input that comes again is taken once; a command whose input has a gap ends with what was lost", async () => {
  const got: string[] = [];
  const { execs, reports, start } = scripted(async ({ stdin, signal }) => {
    for await (const piece of stdin ?? []) {
      got.push(Buffer.from(piece).toString());
      signal.throwIfAborted();
    }
    return 0;
  });
  const running = start("ex-1");
  const input = (index: bigint, text: string) =>
    execs.input(create(ExecInputSchema, { execId: "ex-1", index, stdin: Buffer.from(text) }));
  input(1n, "a");
  input(2n, "b");
  expect(execs.inputs).toEqual({ "ex-1": 2n });
  input(2n, "b");
  await vi.waitFor(() => expect(got).toEqual(["a", "b"]));
  input(4n, "d");
  await running;
  expect(reports.at(-1)).toMatchObject({ exitCode: 126, error: expect.stringContaining("lost") as string });
});

test("of a command that is not known here the server is told so", async () => {
  const { execs, reports } = scripted(untilAborted);
  execs.connected(["ex-9"], {});
  expect(reports).toEqual([
    { execId: "ex-9", exitCode: 126, error: expect.stringContaining("not connected") },
  ]);
});

test("what a command has read of its input is told, and what it will not read counts as read [B7]", async () => {
  const closed = Promise.withResolvers<void>();
  const end = Promise.withResolvers<number>();
  const { execs, reports, start } = scripted(async ({ stdin }) => {
    for await (const piece of stdin ?? []) if (Buffer.from(piece).includes("close")) break;
    closed.resolve();
    return end.promise;
  });
  const running = start("ex-1");
  const piece = Buffer.alloc(300_000);
  const input = (index: bigint, stdin: Buffer) =>
    execs.input(create(ExecInputSchema, { execId: "ex-1", index, stdin }));
  const taken = () => reports.at(-1)?.inputTaken;
  input(1n, piece);
  expect(taken()).toBe(0n);
  await vi.waitFor(() => expect(taken()).toBe(300_000n));
  input(2n, Buffer.from("close"));
  await closed.promise;
  input(3n, piece);
  await vi.waitFor(() => expect(taken()).toBe(600_005n));
  execs.disconnected();
  reports.length = 0;
  execs.connected(["ex-1"], {});
  expect(reports).toEqual([{ execId: "ex-1", inputTaken: 600_005n }]);
  end.resolve(0);
  await running;
});
