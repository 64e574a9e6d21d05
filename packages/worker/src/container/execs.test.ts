import { create } from "@bufbuild/protobuf";
import { ExecInputSchema, ExecStartSchema } from "@dorian/protocol/worker";
import { expect, test, vi } from "vitest";
import type { Container, ExecOptions } from "./runtime.ts";
import { Execs, type ExecReport } from "./execs.ts";

function scripted(work: (options: ExecOptions) => Promise<number>) {
  const reports: ExecReport[] = [];
  const seen: ExecOptions[] = [];
  const execs = new Execs((report) => reports.push(report));
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
  execs.input(create(ExecInputSchema, { execId: "ex-1", cancel: true }));
  execs.reconcile(["ex-1", "ex-3"]);
  await Promise.all(running.slice(0, 2));
  expect(reports.map(({ execId }) => execId)).toEqual(["ex-1", "ex-2"]);
  execs.input(create(ExecInputSchema, { execId: "ex-3", cancel: true }));
  await running[2];
});

test("what ended while nobody listened is told when the server is back", async () => {
  const { execs, reports } = scripted(untilAborted);
  execs.reconcile(["ex-9"]);
  expect(reports).toEqual([
    { execId: "ex-9", exitCode: 126, error: expect.stringContaining("not connected") },
  ]);
});
