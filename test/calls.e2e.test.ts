import { afterAll, beforeAll, expect, test } from "vitest";
import { printedBy, printing } from "@dorian/testkit/app-run";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const run = (source: string) => printedBy(server.dataDirectory, source);

test("remote, spawn, map and local give the same results, with arguments of every plain kind [R1, R3]", async () => {
  const printed = await run(`
import { App, FunctionCall } from "dorian";
${printing}
export const app = new App("calls");
export const add = app.function({ name: "add" }, async (a: number, b: number) => a + b);
export const same = app.function({ name: "same" }, async (value: unknown) => value);
app.localEntrypoint(async () => {
  print(await add.remote(1, 2));
  print(await add.local(1, 2));
  const call = await add.spawn(2, 3);
  print(await call.get({ timeoutMs: 20000 }));
  print(await FunctionCall.fromId(call.functionCallId).get());
  const values = [];
  for await (const value of add.starmap([[1, 1], [2, 2], [3, 3]])) values.push(value);
  print(values);
  const back = await same.remote({ text: "ü", list: [1, null, true], when: new Date(0), bytes: new Uint8Array([1, 2]) }) as any;
  print([back.text, back.list, back.when.getTime(), [...back.bytes]]);
});
`);
  expect(printed).toEqual([3, 3, 5, 5, [2, 4, 6], ["ü", [1, null, true], 0, [1, 2]]]);
});

test("a map of 300 inputs keeps its order, and runs many at a time in a concurrent container [R1]", async () => {
  const printed = await run(`
import { App, currentTaskId } from "dorian";
${printing}
export const app = new App("mapped");
let running = 0, most = 0;
export const slow = app.function({ name: "slow", maxConcurrentInputs: 20, maxContainers: 1 }, async (x: number) => {
  running += 1; most = Math.max(most, running);
  await new Promise((resolve) => setTimeout(resolve, 5 + (x % 7)));
  running -= 1;
  return { x, most, task: currentTaskId() };
});
app.localEntrypoint(async () => {
  const results = [];
  for await (const result of slow.map(Array.from({ length: 300 }, (_, index) => index))) results.push(result);
  print(results.every((result, index) => result.x === index));
  print(new Set(results.map((result) => result.task)).size);
  print(Math.max(...results.map((result) => result.most)) > 5);
});
`);
  expect(printed).toEqual([true, 1, true]);
});

test("a generator's items arrive while it runs, and leaving it early stops it", async () => {
  const printed = await run(`
import { App } from "dorian";
${printing}
export const app = new App("generators");
export const count = app.function({ name: "count" }, async function* (to: number) {
  for (let index = 0; index < to; index += 1) { yield { index, at: Date.now() }; await new Promise((resolve) => setTimeout(resolve, 1000)); }
});
app.localEntrypoint(async () => {
  const arrivals = [];
  for await (const { index, at } of count.remote(4)) arrivals.push({ index, at, arrived: Date.now() });
  print(arrivals.map(({ index, arrived }) => [index, arrived < (arrivals[index + 1]?.at ?? Infinity)]));
  const seen = [];
  for await (const { index } of count.remote(1000)) { seen.push(index); if (index === 2) break; }
  print(seen);
});
`);
  expect(printed).toEqual([[0, 1, 2, 3].map((index) => [index, true]), [0, 1, 2]]);
});

test("a user's error comes back with its name, properties, cause and the place in the user's source [R3]", async () => {
  const printed = await run(`
import { App, RemoteError } from "dorian";
${printing}
export const app = new App("errors");
class WeightsError extends Error { override name = "WeightsError"; constructor(message: string, readonly file: string, options?: ErrorOptions) { super(message, options); } }
function load(): never {
  throw new WeightsError("no such weights", "model.bin", { cause: new TypeError("inner") });
}
export const fail = app.function({ name: "fail" }, async () => load());
app.localEntrypoint(async () => {
  try { await fail.remote(); } catch (error: any) {
    print([error instanceof RemoteError, error.name, error.message, error.file, error.cause.name, error.cause.message]);
    print(/app\\.ts:7/.test(error.stack));
    print(error.stack.includes("guest.mjs"));
  }
});
`);
  expect(printed).toEqual([
    [true, "WeightsError", "no such weights", "model.bin", "TypeError", "inner"],
    true,
    false,
  ]);
});

test("an input that takes too long fails with a timeout, and its container's exit hook still runs [R4, G4]", async () => {
  const printed = await run(`
import { App, FunctionTimeoutError, Volume, method, exit } from "dorian";
import { existsSync, writeFileSync } from "node:fs";
${printing}
const volume = Volume.fromName("timeouts", { createIfMissing: true });
export const app = new App("timeouts");
@app.cls({ timeout: 1, startupTimeout: 60, volumes: { "/vol": volume } })
export class Slow {
  @method() async sleep() { await new Promise((resolve) => setTimeout(resolve, 60000)); }
  @exit() async bye() { writeFileSync("/vol/exited", "yes"); }
}
export const look = app.function({ name: "look", volumes: { "/vol": volume } }, async () => { await volume.reload(); return existsSync("/vol/exited"); });
app.localEntrypoint(async () => {
  try { await app.instance(Slow).sleep.remote(); } catch (error: any) { print([error instanceof FunctionTimeoutError, error.name]); }
  for (let turn = 0; turn < 40 && !(await look.remote()); turn += 1) await new Promise((resolve) => setTimeout(resolve, 250));
  print(await look.remote());
});
`);
  expect(printed).toEqual([[true, "FunctionTimeoutError"], true]);
});

test("retries run a failed input again, with growing attempts, and then give up with the user's error", async () => {
  const printed = await run(`
import { App, Volume } from "dorian";
import { appendFileSync, readFileSync } from "node:fs";
${printing}
export const app = new App("retries");
let attempts = 0;
export const flaky = app.function({ name: "flaky", maxContainers: 1, retries: { maxRetries: 3, initialDelay: 0.1 } }, async (good: number) => {
  attempts += 1;
  if (attempts < good) throw new Error("attempt " + attempts);
  return attempts;
});
app.localEntrypoint(async () => {
  print(await flaky.remote(3));
  try { await flaky.remote(100); } catch (error: any) { print(error.message.startsWith("attempt")); }
});
`);
  expect(printed).toEqual([3, true]);
});

test("cancelling a call stops its code and get() says so", async () => {
  const printed = await run(`
import { App, currentInput, Volume } from "dorian";
${printing}
export const app = new App("cancels");
let cancelled = 0;
export const wait = app.function({ name: "wait", maxConcurrentInputs: 2, maxContainers: 1 }, async () => {
  await new Promise((resolve) => currentInput()?.signal.addEventListener("abort", () => { cancelled += 1; resolve(0); }));
});
export const count = app.function({ name: "count" }, async () => 0);
app.localEntrypoint(async () => {
  const call = await wait.spawn();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await call.cancel();
  try { await call.get({ timeoutMs: 60000 }); } catch (error: any) { print(error.code); }
});
`);
  expect(printed).toEqual(["CALL_CANCELLED"]);
});

test("inputs that come one by one run in batches, of functions and of methods, and each has its own result", async () => {
  const printed = await run(`
import { App, batched, type Batch } from "dorian";
${printing}
export const app = new App("batches");
const gathered = { maxBatchSize: 3, waitMs: 200 };
export const scale = app.function({ name: "scale", batched: gathered, maxContainers: 1 }, async (numbers: number[], by: number[]) =>
  numbers.map((n, index) => n < 0 ? new RangeError("negative: " + n) : [n * by[index]!, numbers.length]));
@app.cls({ maxContainers: 1 })
export class Model {
  @batched(gathered) async double(numbers: Batch<number>) { return numbers.map((n) => n * 2); }
}
class Plain { async triple(numbers: Batch<number>) { return numbers.map((n) => n * 3); } }
app.cls({ maxContainers: 1 }, Plain, { batched: { triple: gathered } });
const all = async (items: AsyncIterable<unknown>) => { const list = []; for await (const item of items) list.push(item); return list; };
app.localEntrypoint(async () => {
  const scaled = await all(scale.starmap([[1, 10], [2, 10], [3, 10], [4, 10]])) as [number, number][];
  print(scaled.map(([n]) => n));
  print(scaled.some(([, size]) => size > 1) && scaled.every(([, size]) => size <= 3));
  print((await all(scale.starmap([[-1, 1], [2, 1]], { returnExceptions: true }))).map((each: any) => each.message ?? each[0]));
  print(await all(app.instance(Model).double.map([1, 2, 3, 4])));
  print(await all(app.instance(Plain).triple.map([1, 2])));
  print(await app.instance(Model).double.local(4));
});
`);
  expect(printed).toEqual([[10, 20, 30, 40], true, ["negative: -1", 2], [2, 4, 6, 8], [3, 6], 8]);
});

test("a schedule runs a function, and a method, by itself for as long as the app is there", async () => {
  const printed = await run(`
import { App, Cron, Period, Volume, schedule } from "dorian";
import { existsSync, writeFileSync } from "node:fs";
${printing}
const volume = Volume.fromName("scheduled", { createIfMissing: true });
const volumes = { "/vol": volume };
export const app = new App("scheduled");
app.function({ name: "tick", schedule: Period({ seconds: 1 }), volumes }, async (...args: unknown[]) => writeFileSync("/vol/function", JSON.stringify(args)));
app.function({ name: "mondays", schedule: Cron("0 9 * * 1", { timeZone: "Europe/Berlin" }) }, async () => undefined);
@app.cls({ volumes })
export class Cleaner {
  where = "/vol/method";
  @schedule(Period({ seconds: 1 })) async clean() { writeFileSync(this.where, "cleaned"); }
}
export const look = app.function({ name: "look", volumes }, async () => { await volume.reload(); return ["function", "method"].filter((name) => existsSync("/vol/" + name)); });
app.localEntrypoint(async () => {
  let seen: string[] = [];
  for (let turn = 0; turn < 100 && seen.length < 2; turn += 1) { seen = await look.remote(); await new Promise((resolve) => setTimeout(resolve, 250)); }
  print(seen);
});
`);
  expect(printed).toEqual([["function", "method"]]);
});

test("a concurrent container works on more than its target while inputs wait, and never on more than it may", async () => {
  const printed = await run(`
import { App, concurrent, method } from "dorian";
${printing}
export const app = new App("targets");
let running = 0, most = 0;
@app.cls({ maxContainers: 1 })
@concurrent({ maxInputs: 4, targetInputs: 2 })
export class Slow {
  @method() async work(_: number) {
    running += 1; most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 400));
    running -= 1;
    return most;
  }
}
app.localEntrypoint(async () => {
  let seen = 0;
  for await (const most of app.instance(Slow).work.map(Array.from({ length: 40 }, (_, index) => index))) seen = Math.max(seen, most);
  print(seen);
});
`);
  expect(printed).toEqual([4]);
});

test("calls are made in bulk, gathered, cancelled by a signal, and tell what they led to and what they wrote", async () => {
  const printed = await run(`
import { App, FunctionCall } from "dorian";
${printing}
export const app = new App("many");
export const double = app.function({ name: "double" }, async (x: number) => { console.log("doubling " + x); return x * 2; });
export const twice = app.function({ name: "twice" }, async (x: number) => await double.remote(await double.remote(x)));
export const forever = app.function({ name: "forever" }, async () => await new Promise<never>(() => undefined));
app.localEntrypoint(async () => {
  const many = await double.spawnMap(Array.from({ length: 120 }, (_, index) => index));
  print(await many.inputCount());
  const results = [];
  for await (const result of FunctionCall.fromId<number>(many.functionCallId).results({ start: 95 })) results.push(result);
  print(results.length === 25 && results.every((result, index) => result === 2 * (95 + index)));
  print(await many.get({ index: 3 }));
  const call = await twice.spawn(1);
  print(await FunctionCall.gather(call, await double.spawn(5)));
  const [root] = await call.callGraph();
  print([root?.functionName, root?.status, root?.children.map(({ functionName, status }) => [functionName, status])]);
  const child = FunctionCall.fromId(root!.children[0]!.functionCallId);
  const lines: string[] = [];
  for await (const { text, stream } of child.logs({ follow: true })) lines.push(stream + ": " + text);
  print(lines);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 500);
  try { await forever.withSignal(stop.signal).remote(); } catch (error: any) { print(error.message); }
});
`);
  expect(printed).toEqual([
    120,
    true,
    6,
    [4, 10],
    [
      "twice",
      "succeeded",
      [
        ["double", "succeeded"],
        ["double", "succeeded"],
      ],
    ],
    [expect.stringMatching(/^stdout: doubling [12]$/)],
    "enough",
  ]);
});

test("functions call each other inside containers, and deployed ones are found by name from another program [R1, O4]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App } from "dorian";
export const app = new App("deployed-calls");
export const half = app.function({ name: "half" }, async (x: number) => x / 2);
export const quarter = app.function({ name: "quarter" }, async (x: number) => half.remote(await half.remote(x)));
`,
  });
  const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  expect(deployed.code, deployed.stderr).toBe(0);
  const printed = await run(`
import { App, Function } from "dorian";
${printing}
export const app = new App("caller");
export const relay = app.function({ name: "relay" }, async (x: number) => Function.fromName<(x: number) => Promise<number>>("deployed-calls", "quarter").remote(x));
app.localEntrypoint(async () => {
  print(await Function.fromName("deployed-calls", "quarter").remote(8 as never));
  print(await relay.remote(16));
  try { await Function.fromName("deployed-calls", "third").remote(); } catch (error: any) { print(error.status); }
});
`);
  expect(printed).toEqual([2, 4, "NOT_FOUND"]);
  const stopped = await dorian(server.dataDirectory, ["app", "stop", "deployed-calls"]);
  expect(stopped.code, stopped.stderr).toBe(0);
});

test("a version of an app is called by its number while a later one is deployed, with other options as well [A20]", async () => {
  const deploy = async (version: number) => {
    await using project = await temporaryDirectory({
      "app.ts": `
import { App } from "dorian";
export const app = new App("pinned");
export const answer = app.function({ name: "answer" }, async () => ["version ${version}", process.env.SIZE]);
`,
    });
    const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
    expect(deployed.code, deployed.stderr).toBe(0);
  };
  await deploy(1);
  await deploy(2);
  const printed = await run(`
import { App, Function } from "dorian";
${printing}
export const app = new App("pinning");
app.function({ name: "none" }, async () => undefined);
app.localEntrypoint(async () => {
  const newest = Function.fromName("pinned", "answer");
  const first = Function.fromName("pinned", "answer", { version: 1 });
  print([await newest.remote(), await first.remote(), await newest.withOptions({ env: { SIZE: "large" } }).remote()]);
  try { await Function.fromName("pinned", "answer", { version: 9 }).remote(); } catch (error: any) { print(error.code); }
});
`);
  expect(printed).toEqual([
    [
      ["version 2", null],
      ["version 1", null],
      ["version 2", "large"],
    ],
    "APP_VERSION_NOT_FOUND",
  ]);
  const stopped = await dorian(server.dataDirectory, ["app", "stop", "pinned"]);
  expect(stopped.code, stopped.stderr).toBe(0);
});
