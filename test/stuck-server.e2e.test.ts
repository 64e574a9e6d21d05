import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { isAlive } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { runningServer } from "@dorian/testkit/running-server";
import { expect, test } from "vitest";

const source = `
import { appendFile, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

export const app = new App("stuck", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go-<text>, and says where it ran and how often it was begun there. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await appendFile("/tmp/begun-" + text, "x");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [currentTaskId(), (await readFile("/tmp/begun-" + text, "utf8")).length];
});
`;

test("a server that is stuck is killed and started again, its containers go on, and nothing that it had accepted is lost [B5]", async () => {
  await using server = await runningServer({ apps: [source], args: ["--stuck-after", "12"] });
  const up = server.processes;
  const gated = RemoteFunction.fromName<(text: string) => Promise<[string, number]>>("stuck", "gated");
  const running = await gated.spawn("running");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-running");
  const [stuck, worker] = [await up.pidOf("server"), await up.pidOf("worker")];

  // For less than that it may stand still.
  process.kill(stuck, "SIGSTOP");
  await delay(6_000);
  process.kill(stuck, "SIGCONT");
  const accepted = await gated.spawn("accepted");
  expect(await up.pidOf("server")).toBe(stuck);

  process.kill(stuck, "SIGSTOP");
  await eventually(
    () => up.pidOf("server"),
    (pid) => pid !== stuck,
    120_000,
  );
  expect(isAlive(stuck)).toBe(false);
  expect(await up.pidOf("worker")).toBe(worker);
  expect(up.output).toMatch(/the server has not answered for 12 s: it is killed.*state.*T/);
  container?.touch("/tmp/go-running");
  const [second] = await containersWith(server.dataDirectory, "/tmp/begun-accepted");
  second?.touch("/tmp/go-accepted");
  expect(await running.get()).toEqual([container?.taskId, 1]);
  expect(await accepted.get()).toEqual([second?.taskId, 1]);
});

test("a machine that stands still as a whole has no stuck server: nobody is killed when it goes on [B5]", async () => {
  await using server = await runningServer({ args: ["--stuck-after", "8"] });
  const up = server.processes;
  const processes = [up.pid, await up.pidOf("server"), await up.pidOf("worker")];
  for (const pid of processes) process.kill(pid, "SIGSTOP");
  await delay(20_000);
  // The watcher wakes first, as it may.
  for (const pid of processes) {
    process.kill(pid, "SIGCONT");
    await delay(300);
  }
  await delay(10_000);
  expect([up.pid, await up.pidOf("server"), await up.pidOf("worker")]).toEqual(processes);
  expect(up.output).not.toMatch(/has not answered/);
});
