import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction } from "dorian";
import { containersOf, containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { eventually } from "@dorian/testkit/eventually";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

export const app = new App("leaving", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go-<text>. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await writeFile("/tmp/begun-" + text, "");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [text, currentTaskId()];
});

export const counts = app.function({ name: "counts" }, async function* (upTo: number) {
  for (let value = 1; value <= upTo; value += 1) {
    yield value;
    await delay(200);
  }
});

/** Its container is ready when somebody makes the file /tmp/ready. */
export const slow = app.function({ name: "slow" }, async () => currentTaskId());
if (process.env.SLOW) {
  await writeFile("/tmp/starting", "");
  while (!existsSync("/tmp/ready")) await delay(20);
}
`;

/** Long enough that a test which waits for its end fails. */
const grace = ["--grace", "600"];

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    apps: [source],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory, workerArgs: grace }),
  });
  await deployApp(
    server.dataDirectory,
    source
      .replace(`new App("leaving"`, `new App("slow"`)
      .replace(`{ name: "slow" }`, `{ name: "slow", env: { SLOW: "1" } }`),
  );
});

afterAll(async () => {
  // At once: what a failed test has left has ten minutes.
  process.kill(server.processes.worker.pid, "SIGTERM");
  await delay(500);
  await server[Symbol.asyncDispose]();
});

/** What is left of the worker; the server has drafts of its own. */
async function leftoversOfWorker(): Promise<string[]> {
  return (await leftoversOf(server.dataDirectory)).filter((each) => !each.startsWith("drafts "));
}

const gated = (text: string) =>
  RemoteFunction.fromName<(text: string) => Promise<[string, string]>>("leaving", "gated").remote(text);

test("a worker that is told to end finishes what it has, gets nothing new, and leaves nothing behind; callers see no error [L8]", async () => {
  const running = gated("running");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-running");
  const counts = RemoteFunction.fromName<(upTo: number) => AsyncGenerator<number>>("leaving", "counts");
  const values: number[] = [];
  const halfway = Promise.withResolvers<void>();
  const counting = (async () => {
    for await (const value of await counts.remote(20)) {
      values.push(value);
      if (value === 5) halfway.resolve();
    }
  })();
  const starting = RemoteFunction.fromName<() => Promise<string>>("slow", "slow").remote();
  const [booting] = await containersWith(server.dataDirectory, "/tmp/starting");
  await halfway.promise;
  const before = new Set((await containersOf(server.dataDirectory)).map(({ taskId }) => taskId));

  const stopped = server.processes.worker.stop();
  const late = [1, 2, 3].map((n) => gated(`late-${n}`));
  await eventually(
    async () => (await containersOf(server.dataDirectory)).map(({ taskId }) => taskId),
    (alive) => !alive.includes(booting?.taskId ?? ""),
  );
  await counting;
  expect(values).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  const after = (await containersOf(server.dataDirectory)).map(({ taskId }) => taskId);
  expect(after.filter((taskId) => !before.has(taskId))).toEqual([]);
  container?.touch("/tmp/go-running");
  expect(await running).toEqual(["running", container?.taskId]);
  await stopped;
  expect(server.processes.worker.output).toContain("running inputs have 600 s to end");
  expect(await leftoversOfWorker()).toEqual([]);

  await server.processes.startWorker();
  const again = await containersWith(server.dataDirectory, "/tmp/starting");
  for (const each of again) each.touch("/tmp/ready");
  expect(again.map(({ taskId }) => taskId)).toContain(await starting);
  for (const n of [1, 2, 3]) {
    const found = await containersWith(server.dataDirectory, `/tmp/begun-late-${n}`);
    for (const each of found) each.touch(`/tmp/go-late-${n}`);
  }
  expect((await Promise.all(late)).map(([text]) => text)).toEqual(["late-1", "late-2", "late-3"]);
});

test("a second signal hurries a worker: what it had not finished is done elsewhere [L8]", async () => {
  const running = gated("hurried");
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun-hurried");
  const stopped = server.processes.worker.stop();
  await delay(500);
  process.kill(server.processes.worker.pid, "SIGTERM");
  await stopped;
  expect(await leftoversOfWorker()).toEqual([]);
  await server.processes.startWorker();
  const [second] = await containersWith(server.dataDirectory, "/tmp/begun-hurried");
  second?.touch("/tmp/go-hurried");
  expect(await running).toEqual(["hurried", second?.taskId]);
  expect(second?.taskId).not.toBe(first?.taskId);
});

interface ListedWorker {
  workerId: string;
  standing: string;
  containers: number;
  inputs: number;
}

async function worker(): Promise<ListedWorker | undefined> {
  const { stdout } = await dorian(server.dataDirectory, ["worker", "list", "--json"]);
  return (JSON.parse(stdout) as ListedWorker[])[0];
}

test("a worker is drained with its process going on, and shown as that, also by a server that has restarted [L8]", async () => {
  const running = gated("drained");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-drained");
  const { workerId = "" } = (await worker()) ?? {};
  const waiting = await dorian(server.dataDirectory, ["worker", "drain", workerId], {
    onOutput: (text, send) => text.includes("1 input") && send("SIGINT"),
  });
  expect(waiting.code).toBe(130);
  expect(waiting.stderr).toContain(`(${workerId}) goes on draining`);
  expect(await worker()).toMatchObject({ standing: "draining", inputs: 1 });

  await server.processes.server.kill();
  await server.processes.startServer();
  const late = gated("late");
  await eventually(worker, (listed) => listed?.standing === "draining");
  container?.touch("/tmp/go-drained");
  expect(await running).toEqual(["drained", container?.taskId]);
  const drained = await dorian(server.dataDirectory, ["worker", "drain", workerId, "--json"]);
  expect(drained.stderr + drained.stdout).toContain(`"state": "drained"`);
  expect(await containersOf(server.dataDirectory)).toEqual([]);

  const undone = await dorian(server.dataDirectory, ["worker", "drain", workerId, "--undo"]);
  expect(undone.stderr).toContain("takes new work");
  const [other] = await containersWith(server.dataDirectory, "/tmp/begun-late");
  other?.touch("/tmp/go-late");
  expect(await late).toEqual(["late", other?.taskId]);
  expect(await worker()).toMatchObject({ standing: "serving" });
});
