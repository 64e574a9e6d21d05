import { Function as RemoteFunction, Volume } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume, currentTaskId } from "dorian";

const volume = Volume.fromName("kill-container", { createIfMissing: true });
export const app = new App("kill-container", { image: Image.debianSlim() });

export const gated = app.function({ name: "gated" }, async () => {
  await writeFile("/tmp/begun", "");
  while (!existsSync("/tmp/go")) await delay(20);
  return currentTaskId();
});

export const crash = app.function({ name: "crash" }, async () => {
  process.abort();
});

export const leave = app.function({ name: "leave" }, async () => {
  process.exit(7);
});

export const devour = app.function({ name: "devour", memory: { request: 64, limit: 160 } }, async () => {
  const held: Buffer[] = [];
  for (;;) held.push(Buffer.alloc(8 * 1024 * 1024, held.length + 1));
});

/** Dies in the middle of its \`death\`-th commit, at the first attempt only. */
export const commits = app.function({ name: "commits", retries: 1, volumes: { "/vol": volume } }, async (death: number) => {
  const first = !existsSync("/vol/died");
  for (let round = 1; round <= death + 2; round += 1) {
    await mkdir("/vol/round-" + round, { recursive: true });
    for (let part = 0; part < 20; part += 1) await writeFile("/vol/round-" + round + "/" + part, Buffer.alloc(100_000, round));
    if (round === 1 && first) await writeFile("/vol/died", "");
    const committing = volume.commit();
    if (first && round === death) {
      await delay(4);
      process.abort();
    }
    await committing;
  }
  return "again";
});
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
});

afterAll(() => server[Symbol.asyncDispose]());

function functionOf<R>(name: string): RemoteFunction<(...args: unknown[]) => Promise<R>> {
  return RemoteFunction.fromName<(...args: unknown[]) => Promise<R>>("kill-container", name);
}

test("a call whose container is killed from outside is done by another one", async () => {
  const call = await functionOf<string>("gated").spawn();
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun");
  process.kill(first?.pid ?? 0, "SIGKILL");
  for (;;) {
    const [second] = await containersWith(server.dataDirectory, "/tmp/begun");
    if (second?.taskId === first?.taskId) continue;
    second?.touch("/tmp/go");
    expect(await call.get()).toBe(second?.taskId);
    return;
  }
});

test("a function that aborts is told so", async () => {
  await expect(functionOf("crash").remote()).rejects.toThrow(/ended by SIG[A-Z]+\.$/);
});

test("a function that leaves its container says with which exit code", async () => {
  await expect(functionOf("leave").remote()).rejects.toThrow(/exited with code 7\.$/);
});

test("a function that runs out of memory says so, with its limit", async () => {
  await expect(functionOf("devour").remote()).rejects.toThrow(/ran out of memory.*160 MiB/);
});

test("a container that dies in the middle of a commit leaves only whole files, and its input is done again [L5, L9]", async () => {
  expect(await functionOf<string>("commits").remote(3)).toBe("again");
  const files = await Volume.fromName("kill-container").files();
  let count = 0;
  for await (const { path, size, type } of files.list("/", { recursive: true })) {
    const round = Number(/^round-(\d+)\//.exec(path)?.[1]);
    if (type !== "file" || Number.isNaN(round)) continue;
    count += 1;
    expect([path, size]).toEqual([path, 100_000]);
    expect((await files.readFile(path)).every((byte) => byte === round)).toBe(true);
  }
  expect(count).toBe(5 * 20);
});

test("the command line shows why the container died, and ends with the exit code for remote failures", async () => {
  await using project = await temporaryDirectory({
    "app.ts": source.replace('"kill-container", {', '"kill-run", {'),
  });
  const result = await dorian(server.dataDirectory, ["run", "app.ts::crash"], { cwd: project.path });
  expect(result.code).toBe(3);
  expect(result.stderr).toMatch(/The container was ended by SIG[A-Z]+\./);
});
