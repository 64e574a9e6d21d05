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

test("@enter runs once per container, before any input, and what it sets is there in every method [A5, F1, F2, F3, G1, R2]", async () => {
  const printed = await run(`
import { App, currentTaskId, enter, method } from "dorian";
${printing}
export const app = new App("enter");
@app.cls()
export class Model {
  enters = 0; weights = "";
  @enter() async setup() { await new Promise((resolve) => setTimeout(resolve, 300)); this.enters += 1; this.weights = "loaded"; }
  @method() async first() { return [this.enters, this.weights, currentTaskId()]; }
  @method() async second() { return [this.enters, this.weights, currentTaskId()]; }
}
app.localEntrypoint(async () => {
  const model = app.instance(Model);
  const results = [];
  for (let index = 0; index < 5; index += 1) results.push(await model.first.remote());
  await new Promise((resolve) => setTimeout(resolve, 1000));
  results.push(await model.second.remote());
  print(results.every(([enters, weights, task]) => enters === 1 && weights === "loaded" && task === results[0][2]));
});
`);
  expect(printed).toEqual([true]);
});

test("two containers each run @enter, and inputs queue while it runs [F4, F5]", async () => {
  const printed = await run(`
import { App, currentTaskId, enter, method } from "dorian";
${printing}
export const app = new App("two");
let ready = false;
@app.cls({ maxContainers: 2 })
export class Model {
  @enter() async setup() { await new Promise((resolve) => setTimeout(resolve, 1000)); ready = true; }
  @method() async work() { await new Promise((resolve) => setTimeout(resolve, 700)); return [ready, currentTaskId()]; }
}
app.localEntrypoint(async () => {
  const model = app.instance(Model);
  const results = await Promise.all([1, 2, 3, 4].map(() => model.work.remote()));
  print(results.every(([ready]) => ready));
  print(new Set(results.map(([, task]) => task)).size);
});
`);
  expect(printed).toEqual([true, 2]);
});

test("sync and async hooks run in the order of definition, those of base classes first [F6]", async () => {
  const printed = await run(`
import { App, enter, exit, method } from "dorian";
${printing}
export const app = new App("order");
const order: string[] = [];
class Base { @enter() z() { order.push("base"); } @method() async inherited() { return "inherited"; } }
@app.cls()
export class Model extends Base {
  @enter() b() { order.push("first"); }
  @enter() async a() { await new Promise((resolve) => setTimeout(resolve, 50)); order.push("second"); }
  @method() async read() { return order; }
}
app.localEntrypoint(async () => {
  const model = app.instance(Model);
  print(await model.read.remote());
  print(await model.inherited.remote());
});
`);
  expect(printed).toEqual([["base", "first", "second"], "inherited"]);
});

test("an @enter that throws fails the waiting call with the user's error and is not tried for ever [F7]", async () => {
  const printed = await run(`
import { App, Volume, enter, method } from "dorian";
import { readdirSync, writeFileSync } from "node:fs";
${printing}
const volume = Volume.fromName("crash-loop", { createIfMissing: true });
export const app = new App("crash");
@app.cls({ volumes: { "/vol": volume } })
export class Model {
  @enter() async setup() { writeFileSync("/vol/" + process.env.MODAL_TASK_ID, ""); await volume.commit(); throw new RangeError("no such model"); }
  @method() async work() { return 1; }
}
export const starts = app.function({ name: "starts", volumes: { "/vol": volume } }, async () => readdirSync("/vol").length);
app.localEntrypoint(async () => {
  try { await app.instance(Model).work.remote(); } catch (error: any) { print([error.name, error.message, /app\\.ts:9/.test(error.stack)]); }
  await new Promise((resolve) => setTimeout(resolve, 3000));
  print(await starts.remote());
});
`);
  expect(printed[0]).toEqual(["RangeError", "no such model", true]);
  expect(printed[1]).toBeGreaterThanOrEqual(1);
  expect(printed[1]).toBeLessThanOrEqual(3);
});

test("each parameter set has containers of its own, equal ones share them, and weights load once per container [P1, P2, P3, P4]", async () => {
  const printed = await run(
    `
import { App, Volume, currentTaskId, enter, method, parameter } from "dorian";
import torch from "a-package-that-only-the-container-would-have";
${printing}
void (() => torch.load());
export const app = new App("pools");
@app.cls()
export class Model {
  @parameter() modelId = "iris-a";
  @parameter() size = 1;
  constructed = "";
  loads = 0;
  constructor() { this.constructed = this.modelId; }
  @enter() async setup() { this.loads += 1; }
  @method() async who() { return [this.modelId, this.size, this.constructed, this.loads, currentTaskId()]; }
}
app.localEntrypoint(async () => {
  const [a, b, again, sized] = [{}, { modelId: "iris-b" }, { modelId: "iris-a", size: 1 }, { size: 2 }].map((values) => app.instance(Model, values));
  const results = [await a.who.remote(), await b.who.remote(), await again.who.remote(), await sized.who.remote(), await b.who.remote()];
  print(results.map(([modelId, size, constructed, loads]) => [modelId, size, constructed, loads]));
  const tasks = results.map((result) => result[4]);
  print([tasks[0] === tasks[2], tasks[1] === tasks[4], new Set(tasks).size]);
});
`
      .replace('import torch from "a-package-that-only-the-container-would-have";\n', "")
      .replace("void (() => torch.load());\n", ""),
  );
  expect(printed).toEqual([
    [
      ["iris-a", 1, "iris-a", 1],
      ["iris-b", 1, "iris-b", 1],
      ["iris-a", 1, "iris-a", 1],
      ["iris-a", 2, "iris-a", 1],
      ["iris-b", 1, "iris-b", 1],
    ],
    [true, true, 3],
  ]);
});

test("an unknown model fails its own callers and no other pool, and an idle pool ends [P10, P11]", async () => {
  const printed = await run(`
import { App, enter, method, parameter } from "dorian";
${printing}
export const app = new App("unknown");
@app.cls({ scaledownWindow: 2 })
export class Model {
  @parameter() modelId = "good";
  @enter() async setup() { if (this.modelId !== "good") throw new Error("unknown model " + this.modelId); }
  @method() async work() { return process.env.MODAL_TASK_ID; }
}
app.localEntrypoint(async () => {
  const good = await app.instance(Model).work.remote();
  try { await app.instance(Model, { modelId: "bad" }).work.remote(); } catch (error: any) { print(error.message); }
  print(await app.instance(Model).work.remote() === good);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  print(await app.instance(Model).work.remote() === good);
});
`);
  expect(printed).toEqual(["unknown model bad", true, false]);
});

test("@exit runs when an idle container is stopped, and what it writes to a volume is kept [G2]", async () => {
  const printed = await run(`
import { App, Volume, exit, method } from "dorian";
import { existsSync, writeFileSync } from "node:fs";
${printing}
const volume = Volume.fromName("exit-hooks", { createIfMissing: true });
export const app = new App("exits");
@app.cls({ scaledownWindow: 2, volumes: { "/vol": volume } })
export class Model {
  @method() async work() { return 1; }
  @exit() async bye() { await new Promise((resolve) => setTimeout(resolve, 500)); writeFileSync("/vol/goodbye", "x"); }
}
export const look = app.function({ name: "look", volumes: { "/vol": volume } }, async () => { await volume.reload(); return existsSync("/vol/goodbye"); });
app.localEntrypoint(async () => {
  await app.instance(Model).work.remote();
  for (let turn = 0; turn < 40 && !(await look.remote()); turn += 1) await new Promise((resolve) => setTimeout(resolve, 250));
  print(await look.remote());
});
`);
  expect(printed).toEqual([true]);
});

test("one parameter set is kept warm without a call, and a class with other options has containers of its own [P7]", async () => {
  const printed = await run(`
import { App, currentTaskId, method, parameter } from "dorian";
${printing}
export const app = new App("variants");
@app.cls({ env: { SIZE: "small" } })
export class Model {
  @parameter() modelId = "a";
  @method() async where() { return [this.modelId, process.env.SIZE, currentTaskId()]; }
}
app.localEntrypoint(async () => {
  const [warm, cold] = [app.instance(Model, { modelId: "warm" }), app.instance(Model, { modelId: "cold" })];
  print(await warm.updateAutoscaler({ minContainers: 1 }));
  let containers = 0;
  for (let turn = 0; turn < 200 && containers === 0; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ containers } = await warm.getCurrentStats());
  }
  print([containers, (await cold.getCurrentStats()).containers]);
  const [id, size, task] = await warm.where.remote();
  const large = app.withOptions(Model, { env: { SIZE: "large" } }).instance({ modelId: "warm" });
  const [largeId, largeSize, largeTask] = await large.where.remote();
  print([id, size, largeId, largeSize, task !== largeTask]);
});
`);
  expect(printed).toEqual([
    expect.objectContaining({ minContainers: 1 }),
    [1, 0],
    ["warm", "small", "warm", "large", true],
  ]);
});

test("the form without decorators makes the same class", async () => {
  const printed = await run(`
import { App } from "dorian";
${printing}
export const app = new App("plain");
export const Model = app.cls({}, class Model {
  modelId = "a"; loaded = "";
  async setup() { this.loaded = this.modelId + " loaded"; }
  async inference(x: number) { return [this.loaded, x]; }
}, { enter: ["setup"], methods: ["inference"], parameters: ["modelId"] });
app.localEntrypoint(async () => { print(await app.instance(Model, { modelId: "b" }).inference.remote(1)); });
`);
  expect(printed).toEqual([["b loaded", 1]]);
});

test("a class is called by name from a program that does not have its code [U3, R1]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, method, parameter } from "dorian";
export const app = new App("served");
@app.cls()
export class Model {
  @parameter() modelId = "a";
  @method() async inference(x: number) { return this.modelId + x; }
}
`,
  });
  expect((await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path })).code).toBe(0);
  const printed = await run(`
import { App, Cls } from "dorian";
${printing}
export const app = new App("caller-of-class");
export const nothing = app.function({ name: "nothing" }, async () => 0);
app.localEntrypoint(async () => {
  const Model = Cls.fromName<new () => { modelId: string; inference(x: number): Promise<string> }>("served", "Model");
  print(await Model.instance({ modelId: "b" }).inference.remote(1));
  print(await Model.instance().inference.remote(2));
  try { await (Model.instance() as any).missing.remote(); } catch (error: any) { print(error.code); }
  try { await Model.instance({ model: "b" } as never).inference.remote(1); } catch (error: any) { print(error.code); }
});
`);
  expect(printed).toEqual(["b1", "a2", "METHOD_NOT_FOUND", "PARAMETER_UNKNOWN"]);
});

test("gpu: any waits with a clear reason where no worker has a GPU, and runs where they are simulated [Q1, Q5]", async () => {
  const source = `
import { App } from "dorian";
export const app = new App("gpu");
export const work = app.function({ name: "work", gpu: "any" }, async () => "ran without a GPU");
app.localEntrypoint(async () => { console.log(await work.remote()); });
`;
  await using project = await temporaryDirectory({ "app.ts": source });
  let seen = "";
  const waiting = await dorian(server.dataDirectory, ["run", "app.ts"], {
    cwd: project.path,
    onOutput: (text, send) => {
      seen += text;
      if (seen.includes("simulate-gpus")) send("SIGINT");
    },
  });
  expect(waiting.code).toBe(130);
  expect(seen).toMatch(/no worker has a GPU/i);

  await using simulating = await runningServer({ args: ["--simulate-gpus", "1"] });
  const ran = await dorian(simulating.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout).toContain("ran without a GPU");
});
