import { Function as RemoteFunction } from "dorian";
import { containersOf } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { App, Image, currentTaskId } from "dorian";

export const app = new App("placement", { image: Image.debianSlim() });

/** As large as the machine, and nobody calls it. */
export const warm = app.function({ name: "warm", cpu: 2, minContainers: 1 }, async () => currentTaskId());
export const short = app.function({ name: "short", scaledownWindow: 2 }, async (n: number) => [n, currentTaskId()]);
export const large = app.function({ name: "large", cpu: 8, failFast: true }, async () => 1);
export const called = app.function({ name: "called", scaledownWindow: 2 }, async () => currentTaskId());
`;

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    apps: [source],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory, workerArgs: ["--cpus", "2"] }),
  });
});

afterAll(() => server[Symbol.asyncDispose]());

test("a map of 16 short inputs on two cores takes two containers, and one more at most to see whether it helps [L14]", async () => {
  const short = RemoteFunction.fromName<(n: number) => Promise<[number, string]>>("placement", "short");
  const tasks = new Set<string>();
  for await (const [, taskId] of short.map(Array.from({ length: 16 }, (_, n) => n))) tasks.add(taskId);
  expect(tasks.size).toBeLessThanOrEqual(3);
  expect((await runningTasks()).length).toBeLessThanOrEqual(3);
});

test("a call of what this machine can never run fails with the reason where the function asks for that [L13]", async () => {
  const large = RemoteFunction.fromName<() => Promise<number>>("placement", "large");
  await expect(large.remote()).rejects.toThrow(/it asks for 8 CPUs and the largest worker has 2/);
});

test("what this machine can never run says so before its image is built [L13]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Image } from "dorian";
export const app = new App("too-large-to-build", { image: Image.debianSlim().runCommands("exit 3") });
export const train = app.function({ name: "train", cpu: 8 }, async () => 1);
`,
  });
  const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  expect(deployed.code).not.toBe(0);
  expect(deployed.stdout + deployed.stderr).toContain("exit 3");
  expect(deployed.stdout + deployed.stderr).toContain("train cannot start: it asks for 8 CPUs");
});

test("what this machine can never run says so at deploy [L13]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Image } from "dorian";
export const app = new App("too-large", { image: Image.debianSlim() });
export const train = app.function({ name: "train", cpu: 8 }, async () => 1);
`,
  });
  const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  expect(deployed.code).toBe(0);
  expect(deployed.stdout + deployed.stderr).toContain(
    "train cannot start: it asks for 8 CPUs and the largest worker has 2",
  );
});

const runningTasks = async () => (await containersOf(server.dataDirectory)).map(({ taskId }) => taskId);
const called = () => RemoteFunction.fromName<() => Promise<string>>("placement", "called");

test("a container kept warm that fills the machine leaves for a call, and comes back [L12]", async () => {
  const [warm] = await eventually(runningTasks, (running) => running.length === 1);
  const taskId = await called().remote();
  expect(taskId).not.toBe(warm);
  expect(await runningTasks()).toEqual([taskId]);
  const back = await eventually(runningTasks, (running) => running.length === 1 && running[0] !== taskId);
  expect(back).not.toEqual([warm]);
});

test("it leaves for a call after the worker, and after the server, has started again, too [L12]", async () => {
  await server.processes.worker.kill();
  await server.processes.startWorker();
  await eventually(runningTasks, (running) => running.length === 1);
  const second = await called().remote();
  await eventually(runningTasks, (running) => running.length === 1 && running[0] !== second);
  await server.processes.server.kill();
  await server.processes.startServer();
  expect(await called().remote()).not.toBe(second);
});
