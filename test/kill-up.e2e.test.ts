import { readdir, readFile, readlink } from "node:fs/promises";
import { Function as RemoteFunction, Volume } from "dorian";
import { containersOf, containersWith, type RunningContainer } from "@dorian/testkit/containers";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { runningServer } from "@dorian/testkit/running-server";
import { expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("kill-up", { createIfMissing: true });
export const app = new App("kill-up", { image: Image.debianSlim() });

/** Says which of its files it has committed. */
export const commits = app.function({ name: "commits", volumes: { "/vol": volume } }, async function* () {
  for (let round = 1; ; round += 1) {
    await writeFile("/vol/round-" + round, Buffer.alloc(500_000, round));
    await volume.commit();
    yield round;
  }
});

/** Works with a child process, a file in a volume and its own root file system until it may go. */
export const busy = app.function({ name: "busy", volumes: { "/vol": volume } }, async (text: string) => {
  spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  await writeFile("/vol/uncommitted-" + text, text);
  await writeFile("/tmp/begun", text);
  while (!existsSync("/tmp/go")) await delay(20);
  return text;
});
`;

test("after kill -9 of `dorian up` the next start clears all that it left, and the work goes on", async () => {
  await using server = await runningServer({ apps: [source] });
  const busy = RemoteFunction.fromName<(text: string) => Promise<string>>("kill-up", "busy");
  const calls = await Promise.all(["a", "b"].map((text) => busy.spawn(text)));
  const containers = await containersWith(server.dataDirectory, "/tmp/begun", { count: 2 });
  const processes = await processesOf(containers);
  expect(processes.length).toBeGreaterThanOrEqual(4);

  await server.processes.kill();
  expect(await Promise.all(processes.map(isAlive))).not.toContain(false);
  const left = await leftoversOf(server.dataDirectory);
  for (const { taskId } of containers) expect(left.join("\n")).toContain(taskId);

  server.processes = await DorianProcess.start({
    dataDirectory: server.dataDirectory,
    args: sameAddress(server.processes),
  });
  const afterwards = (await leftoversOf(server.dataDirectory)).join("\n");
  for (const { taskId } of containers) expect(afterwards).not.toContain(taskId);
  expect(await Promise.all(processes.map(isAlive))).not.toContain(true);
  // Four kept ready, and those of the two containers that do the work again.
  expect(afterwards.match(/^mount .*\/netns\//gm)?.length).toBeLessThanOrEqual(6);

  for (const container of await containersWith(server.dataDirectory, "/tmp/begun", { count: 2 })) {
    container.touch("/tmp/go");
  }
  expect(await Promise.all(calls.map((call) => call.get()))).toEqual(["a", "b"]);
  await server.processes.stop();
  expect(await containersOf(server.dataDirectory)).toEqual([]);
});

test("kill -9 of `dorian up` between two commits loses none that was acknowledged [L9]", async () => {
  await using server = await runningServer({ apps: [source] });
  const commits = RemoteFunction.fromName<() => AsyncGenerator<number>>("kill-up", "commits");
  let acknowledged = 0;
  let restarted: Promise<void> | undefined;
  const restart = async () => {
    await server.processes.kill();
    server.processes = await DorianProcess.start({
      dataDirectory: server.dataDirectory,
      args: sameAddress(server.processes),
    });
  };
  const reading = (async () => {
    for await (const round of await commits.remote()) {
      acknowledged = round;
      if (round === 6) restarted = restart();
    }
  })();
  await expect(reading).rejects.toThrow(/yielded \d+ values, so it was not run again/);
  await restarted;
  const files = await Volume.fromName("kill-up").files();
  for (let round = 1; round <= acknowledged; round += 1) {
    const content = await files.readFile(`round-${round}`);
    expect([content.length, content.every((byte) => byte === round)]).toEqual([500_000, true]);
  }
});

function sameAddress(server: DorianProcess): string[] {
  return ["--listen", new URL(String(server.ready["url"])).host];
}

interface Process {
  pid: string;
  startedAt: string;
}

/** All processes of these containers. */
async function processesOf(containers: RunningContainer[]): Promise<Process[]> {
  const namespaces = await Promise.all(containers.map(({ pid }) => readlink(`/proc/${pid}/ns/pid`)));
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const namespace = await readlink(`/proc/${pid}/ns/pid`).catch(() => "");
      const startedAt = await startOf(pid);
      return namespaces.includes(namespace) && startedAt ? [{ pid, startedAt }] : [];
    }),
  );
  return found.flat();
}

async function isAlive({ pid, startedAt }: Process): Promise<boolean> {
  return (await startOf(pid)) === startedAt;
}

/** In clock ticks since the machine started: tells apart two processes that got the same number. */
async function startOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
