import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction } from "dorian";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { seededData } from "@dorian/testkit/seeded-data";
import { settableClock, type SettableClock } from "@dorian/testkit/settable-clock";
import type { TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

export const app = new App("time", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go-<text>; says where it ran and how often it was begun there. */
export const gated = app.function({ name: "gated", timeout: 12 }, async (text: string) => {
  await appendFile("/tmp/begun-" + text, "x");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [currentTaskId(), (await readFile("/tmp/begun-" + text, "utf8")).length];
});

export const counts = app.function({ name: "counts" }, async function* (upTo: number) {
  for (let value = 1; value <= upTo; value += 1) {
    yield value;
    await delay(200);
  }
});

export const square = app.function({ name: "square", maxContainers: 2 }, async (value: number) => {
  await delay(100);
  return value * value;
});
`;

let data: TemporaryDirectory;
let clock: SettableClock;
let server: DorianProcess;
let worker: DorianProcess;
let connection: Disposable;

beforeAll(async () => {
  data = await seededData();
  clock = await settableClock();
  const env = clock.environment;
  server = await DorianProcess.start({ dataDirectory: data.path, command: "server", env });
  worker = await DorianProcess.start({ dataDirectory: data.path, command: "worker", env });
  await deployApp(data.path, source);
  connection = await sdkConnection(data.path);
});

afterAll(async () => {
  connection[Symbol.dispose]();
  await worker.stop();
  await server.stop();
  expect(await leftoversOf(data.path)).toEqual([]);
  await clock[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

const gated = (text: string) =>
  RemoteFunction.fromName<(text: string) => Promise<[string, number]>>("time", "gated").remote(text);

async function suspended(pids: number[], work: () => Promise<void>): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    for (const pid of pids.toReversed()) process.kill(pid, "SIGCONT");
  }
}

test("what is suspended together with the server, for longer than its timeout and than workers may be silent, goes on [L6]", async () => {
  const running = gated("all");
  const [container] = await containersWith(data.path, "/tmp/begun-all");
  await delay(2_000);
  await suspended([server.pid, worker.pid, container?.pid ?? 0], () => delay(20_000));
  await delay(2_000);
  container?.touch("/tmp/go-all");
  expect(await running).toEqual([container?.taskId, 1]);
  expect(server.output).not.toContain("worker lost");
});

test("an output that came while the server stood still counts, though the time for it has passed [L6]", async () => {
  const running = gated("late");
  const [container] = await containersWith(data.path, "/tmp/begun-late");
  await suspended([server.pid], async () => {
    await delay(2_000);
    container?.touch("/tmp/go-late");
    await delay(12_000);
  });
  expect(await running).toEqual([container?.taskId, 1]);
  expect(server.output).not.toContain("worker lost");
});

test("a timeout still ends what takes too long [L6]", async () => {
  await expect(gated("never")).rejects.toThrow("12 s");
});

test("a clock that is set by a minute and by an hour, both ways, in the middle of a generator and a map is not noticed [L6]", async () => {
  const counts = RemoteFunction.fromName<(upTo: number) => AsyncGenerator<number>>("time", "counts");
  const square = RemoteFunction.fromName<(value: number) => Promise<number>>("time", "square");
  const values: number[] = [];
  const counting = (async () => {
    for await (const value of await counts.remote(50)) values.push(value);
  })();
  const inputs = Array.from({ length: 150 }, (_, index) => index);
  const mapping = (async () => {
    const results: number[] = [];
    for await (const result of square.map(inputs)) results.push(result);
    return results;
  })();
  const running = gated("steps");
  const [container] = await containersWith(data.path, "/tmp/begun-steps");
  const hourMs = 3_600_000;
  for (const offsetMs of [60_000, -60_000, hourMs, -hourMs, 24 * hourMs, 0]) {
    await clock.set(offsetMs);
    await delay(1_300);
  }
  container?.touch("/tmp/go-steps");
  expect(await running).toEqual([container?.taskId, 1]);
  await counting;
  expect(values).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  expect(await mapping).toEqual(inputs.map((value) => value * value));
  expect(server.output).not.toContain("worker lost");
});
