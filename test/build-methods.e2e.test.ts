import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { printing, runApp, type AppRun, type AppRunOptions } from "@dorian/testkit/app-run";
import { containersOf } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";

// Stands in for a hub of models: it counts what is asked of it and can be made to fail.
const hubSource = `
import { App, method } from "dorian";
export const app = new App("hub");
@app.cls({ maxContainers: 1, scaledownWindow: 1200 })
export class Hub {
  requests: string[] = [];
  failures = 0;
  #content(file: string) { return Buffer.alloc(file === "weights.bin" ? 3_000_000 : 50, file); }
  @method() async files(_repository: string) { return ["config.json", "weights.bin"]; }
  @method() async head(repository: string, file: string) {
    this.requests.push("HEAD " + repository + "/" + file);
    return this.#content(file).length + "-" + file;
  }
  @method() async get(repository: string, file: string) {
    this.requests.push("GET " + repository + "/" + file);
    if (this.failures > 0) { this.failures -= 1; throw new Error("503 Service Unavailable: " + file); }
    return new Uint8Array(this.#content(file));
  }
  @method() async log() { return this.requests.splice(0); }
  @method() async fail(times: number) { this.failures = times; }
}
`;

// What a client of such a hub does: content as plain files, and a record of their versions beside them.
const download = `
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homedir } from "node:os";
const Hub = Cls.fromName<any>("hub", "Hub");
async function snapshotDownload(repository: string, directory: string) {
  const hub = Hub.instance();
  const record = join(directory, ".cache/hub");
  mkdirSync(record, { recursive: true });
  for (const file of await hub.files.remote(repository)) {
    const version = await hub.head.remote(repository, file);
    const known = join(record, file + ".version");
    if (existsSync(known) && readFileSync(known, "utf8") === version) continue;
    writeFileSync(join(directory, file + ".part"), await hub.get.remote(repository, file));
    renameSync(join(directory, file + ".part"), join(directory, file));
    writeFileSync(known, version);
  }
}
async function fromPretrained(repository: string) {
  const directory = join(homedir(), ".cache/hub", repository.replaceAll("/", "--"));
  await snapshotDownload(repository, directory);
  return readFileSync(join(directory, "weights.bin"));
}
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function publish(source: string, options: AppRunOptions = {}): Promise<AppRun> {
  const result = await runApp(server.dataDirectory, source, options);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
}

const run = (source: string, options: AppRunOptions = {}) => publish(source, options);
const deploy = (source: string) => publish(source, { command: "deploy" });

async function ask(entrypoint: string): Promise<unknown[]> {
  const { printed } = await run(`
import { App, Cls } from "dorian";
${printing}
export const app = new App("asker");
export const nothing = app.function({ name: "nothing" }, async () => 0);
const hub = Cls.fromName<any>("hub", "Hub").instance();
app.localEntrypoint(async () => { ${entrypoint} });
`);
  return printed;
}

test("a @build method runs once, as root, in the image so far, and the files it leaves are in every container [C1, C2, C3, C4, C9, C13, C15, C18, U1]", async () => {
  const source = `
import { App, Image, build, enter, exit, method } from "dorian";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
${printing}
const MODEL_DIR = "/models/deep/inside";
const TOOL = "/opt/tool/index.mjs";
const image = Image.debianSlim().runCommands("mkdir /opt/tool && echo 'export const answer = 42;' > /opt/tool/index.mjs");
export const app = new App("once", { image });
@app.cls({ env: { NAME: "value" } })
export class Model {
  seen = "default";
  constructor(...args: unknown[]) { this.seen += args.length; }
  @build() async download() {
    const { answer } = await import(TOOL);
    await delay(10);
    mkdirSync(MODEL_DIR, { recursive: true });
    mkdirSync(MODEL_DIR, { recursive: true });
    writeFileSync(MODEL_DIR + "/weights", randomUUID());
    writeFileSync("/root/seen", JSON.stringify([answer, process.getuid(), this.seen, process.env.NAME]));
    this.seen = "set while building";
  }
  hooksBefore: boolean[] = [];
  @enter() setup() { this.hooksBefore = [existsSync("/entered"), existsSync("/exited")]; writeFileSync("/entered", ""); }
  @exit() bye() { writeFileSync("/exited", ""); }
  @method() async read() {
    return [readFileSync(MODEL_DIR + "/weights", "utf8"), readFileSync("/root/seen", "utf8"), this.seen, this.hooksBefore];
  }
}
@app.cls({ image: Image.debianSlim() })
export class Other { @method() async read() { return existsSync(MODEL_DIR); } }
app.localEntrypoint(async () => {
  print(await app.instance(Model).read.remote());
  print(await app.instance(Other).read.remote());
});
`;
  const first = await run(source);
  const [[weights, seen, attribute, hooksBefore], elsewhere] = first.printed as [unknown[], boolean];
  expect(weights).toMatch(/^[0-9a-f-]{36}$/);
  expect(seen).toBe('[42,0,"default0","value"]');
  expect(attribute).toBe("default0");
  expect(elsewhere).toBe(false);
  expect(hooksBefore).toEqual([false, false]);
  expect(first.built.map(({ step }) => step)).toContain("build function Model.download");

  const second = await run(source);
  expect(second.built).toEqual([]);
  expect((second.printed[0] as unknown[])[0]).toBe(weights);
  expect((await deploy(source)).built).toEqual([]);
});

test("a @build method runs again when its text, a constant it uses, its settings or the image below change, and not for anything else [A6, C5, C6, C7]", async () => {
  const source = `
import { App, Image, Secret, Volume, build, method } from "dorian";
import { writeFileSync } from "node:fs";
const MODEL_NAME = "iris-a";
const MODEL_DIR = "/models";
const UNRELATED = 1;
const cache = new WeakMap();
function helper(name: string) { return name + "-1"; }
const image = Image.debianSlim().runCommands("echo below");
export const app = new App("identity", { image });
@app.cls({ env: { MODE: "a" } })
export class Model {
  @build() async download() { cache.has(this); writeFileSync("/marker", helper(MODEL_NAME) + MODEL_DIR); }
  @method() async inference(x: number) { return x + UNRELATED; }
}
`;
  const edit = (...edits: [string, string][]) => {
    let edited = source;
    for (const [from, to] of edits) {
      expect(edited).toContain(from);
      edited = edited.replace(from, to);
    }
    return edited;
  };
  const reasonsFor = async (edited: string) =>
    (await deploy(edited)).built
      .filter(({ step }) => step.startsWith("build function"))
      .map(({ reason }) => reason);

  const first = await deploy(source);
  expect(first.built.at(-1)).toEqual({
    step: "build function Model.download",
    reason: "it has not been built before",
  });
  expect(first.stderr).toContain("Warning: Model.download refers to cache (");

  expect(await reasonsFor(source)).toEqual([]);
  expect(await reasonsFor(edit(["return x + UNRELATED", "return x - UNRELATED"]))).toEqual([]);
  expect(await reasonsFor(edit(['name + "-1"', 'name + "-2"']))).toEqual([]);
  expect(await reasonsFor(edit(["UNRELATED = 1", "UNRELATED = 2"]))).toEqual([]);
  expect(await reasonsFor(edit(["const cache", "/* A comment. */ const cache"]))).toEqual([]);

  const definition = "the source or the settings of Model.download changed";
  expect(await reasonsFor(edit(["iris-a", "iris-b"]))).toEqual([
    expect.stringContaining("MODEL_NAME changed"),
  ]);
  expect(await reasonsFor(edit(['"/models"', '"/other"']))).toEqual([
    expect.stringContaining("MODEL_DIR changed"),
  ]);
  expect(await reasonsFor(edit(['"/marker"', '"/mark"']))).toEqual([definition]);
  expect(await reasonsFor(edit(["{ MODE:", "{ MODES:"]))).toEqual([definition]);
  const volumes = 'volumes: { "/vol": Volume.fromName("identity", { createIfMissing: true }) },';
  expect(await reasonsFor(edit(["@app.cls({", `@app.cls({ ${volumes}`]))).toEqual([definition]);
  expect(await reasonsFor(edit(["echo below", "echo beneath"]))).toEqual(["the image below it changed"]);

  // All of them are kept.
  expect(await reasonsFor(source)).toEqual([]);
  expect(await reasonsFor(edit(["iris-a", "iris-b"]))).toEqual([]);
});

test("several @build methods are steps one on the other, those of base classes first [B4, C8]", async () => {
  const source = `
import { App, build, method } from "dorian";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
${printing}
export const app = new App("several");
const mark = (name: string, before: string[]) => writeFileSync("/" + name, randomUUID() + " " + before.map((file) => existsSync("/" + file)));
class Base { @build() z() { mark("base", ["first", "second"]); } }
@app.cls()
export class Model extends Base {
  @build() b() { mark("first", ["base", "second"]); }
  @build() async a() { mark("second", ["base", "first"]); }
  @method() async read() { return ["base", "first", "second"].map((file) => readFileSync("/" + file, "utf8").split(" ")); }
}
app.localEntrypoint(async () => { print(await app.instance(Model).read.remote()); });
`;
  const read = async (edited: string) => {
    const { printed, built } = await run(edited);
    return {
      marks: printed[0] as [string, string][],
      built: built.map(({ step }) => step.split(".").at(-1)),
    };
  };
  const before = await read(source);
  expect(before.built).toEqual(["z", "b", "a"]);
  expect(before.marks.map(([, seen]) => seen)).toEqual(["false,false", "true,false", "true,true"]);

  const after = await read(source.replace('["base", "second"]', '["base", "second", "third"]'));
  expect(after.built).toEqual(["b", "a"]);
  expect(after.marks.map(([mark], index) => mark === before.marks[index]?.[0])).toEqual([true, false, false]);
});

test("@build without parentheses, or on a @method, is refused with what to do [C12]", async () => {
  const withMethod = (line: string) => `
import { App, build, method } from "dorian";
export const app = new App("refused");
@app.cls()
export class Model { ${line} async load() {} }
`;
  const bare = await runApp(server.dataDirectory, withMethod("@build"), { command: "deploy" });
  expect(bare.code).toBe(1);
  expect(bare.stderr).toContain('@build on "load" lacks its parentheses');
  expect(bare.stderr).toContain("Write @build().");
  const stacked = await runApp(server.dataDirectory, withMethod("@build() @method()"), { command: "deploy" });
  expect(stacked.code).toBe(1);
  expect(stacked.stderr).toContain("Cannot use @build decorator with @method");
});

test("what a hub has arrives as plain files with their bookkeeping; while it is down the build fails with the user's trace, and the next one succeeds [C14, C16, C17]", async () => {
  await deployApp(server.dataDirectory, hubSource);
  await ask("await hub.fail.remote(1);");
  const source = `
import { App, Cls, build, method } from "dorian";
import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
${download}
${printing}
const MODEL_DIR = "/models/sdxl";
export const app = new App("snapshot");
@app.cls()
export class Model {
  @build() async download() {
    await snapshotDownload("stabilityai/sdxl-turbo", MODEL_DIR);
  }
  @method() async read() {
    const names = readdirSync(MODEL_DIR, { recursive: true }) as string[];
    return Object.fromEntries(names.map((name) => [name, lstatSync(join(MODEL_DIR, name)).isFile() && createHash("sha256").update(readFileSync(join(MODEL_DIR, name))).digest("hex")]));
  }
}
app.localEntrypoint(async () => { print(await app.instance(Model).read.remote()); });
`;
  const line =
    source.split("\n").findIndex((text) => text.includes('await snapshotDownload("stabilityai')) + 1;
  const failed = await runApp(server.dataDirectory, source);
  expect(failed.code).not.toBe(0);
  expect(failed.stderr).toContain("503 Service Unavailable: config.json");
  expect(failed.stderr).toMatch(new RegExp(`at async Model\\.download .*app\\.ts:${line}`));
  expect(failed.stderr).toMatch(/Image build for im-\w+ failed/);
  expect(await ask("print(await hub.log.remote());")).toEqual([
    ["HEAD stabilityai/sdxl-turbo/config.json", "GET stabilityai/sdxl-turbo/config.json"],
  ]);

  const succeeded = await run(source);
  expect(succeeded.built).toEqual([
    { step: "build function Model.download", reason: "the last build of it failed" },
  ]);
  const sha = (file: string, size: number) =>
    createHash("sha256").update(Buffer.alloc(size, file)).digest("hex");
  expect(succeeded.printed[0]).toMatchObject({
    "config.json": sha("config.json", 50),
    "weights.bin": sha("weights.bin", 3_000_000),
    ".cache": false,
    ".cache/hub/weights.bin.version": expect.stringMatching(/./),
  });
  expect((await run(source)).built).toEqual([]);
  // One download of each file over three runs; the failed one got nothing.
  const requests = ((await ask("print(await hub.log.remote());"))[0] as string[]).filter((each) =>
    each.startsWith("GET"),
  );
  expect(requests).toEqual([
    "GET stabilityai/sdxl-turbo/config.json",
    "GET stabilityai/sdxl-turbo/weights.bin",
  ]);
});

test("a download into a volume goes on after a failed build where it stopped [C10, C17, D4]", async () => {
  const source = `
import { App, Cls, Volume, build, method } from "dorian";
${download}
${printing}
const volume = Volume.fromName("hub-cache", { createIfMissing: true });
export const app = new App("resumed");
@app.cls({ volumes: { "/cache": volume } })
export class Model {
  @build() async download() {
    await snapshotDownload("half", "/cache/half");
    writeFileSync("/built", readdirSync("/cache/half").join());
  }
  @method() async read() { return [readFileSync("/built", "utf8"), readdirSync("/cache/half").join()]; }
}
app.localEntrypoint(async () => { print(await app.instance(Model).read.remote()); });
`;
  const half = source.replace(
    '"half", "/cache/half");',
    '"half", "/cache/half"); throw new Error("stopped half-way");',
  );
  const failed = await runApp(server.dataDirectory, half);
  expect(failed.stderr).toContain("stopped half-way");
  await ask("await hub.log.remote();");
  const { printed } = await run(source);
  expect(printed).toEqual([[".cache,config.json,weights.bin", ".cache,config.json,weights.bin"]]);
  const requests = (await ask("print(await hub.log.remote());"))[0] as string[];
  expect(requests.filter((each) => each.startsWith("GET"))).toEqual([]);
  // What is in the volume is not in the image.
  const elsewhere = await run(
    source
      .replace('{ volumes: { "/cache": volume } }', "")
      .replace('await snapshotDownload("half"', '0 && await snapshotDownload("half"')
      .replaceAll('readdirSync("/cache/half").join()', 'String(existsSync("/cache"))'),
  );
  expect(elsewhere.printed).toEqual([["false", "false"]]);
});

test.each(["@build() @enter()", "@enter() @build()"])(
  "%s: the method runs once at build and once in every container, which then downloads nothing [H1, H2, H3, H4]",
  async (decorators) => {
    const name = decorators.startsWith("@build") ? "build-first" : "enter-first";
    const source = `
import { App, Cls, build, currentTaskId, enter, method, parameter } from "dorian";
${download}
${printing}
export const app = new App("stacked-${name}");
@app.cls()
export class Model {
  @parameter() copy = "a";
  weights = 0;
  ${decorators} async load() {
    console.log("loading in", process.env.MODAL_TASK_ID);
    this.weights = (await fromPretrained("${name}/model")).length;
  }
  @method() async read() { return [this.weights, currentTaskId()]; }
}
app.localEntrypoint(async () => {
  print(await app.instance(Model).read.remote());
  print(await app.instance(Model, { copy: "b" }).read.remote());
});
`;
    await ask("await hub.log.remote();");
    const first = await run(source);
    const [[weights, taskA], [again, taskB]] = first.printed as [number, string][] as [
      [number, string],
      [number, string],
    ];
    expect([weights, again]).toEqual([3_000_000, 3_000_000]);
    // In the build log on one side, in the containers' on the other.
    const loadings = (first.stdout + first.stderr).match(/loading in ta-\w+/g) ?? [];
    expect(new Set(loadings).size).toBe(3);
    expect(loadings).toContain(`loading in ${taskA}`);
    expect(loadings).toContain(`loading in ${taskB}`);
    expect(first.stderr).toMatch(/loading in ta-\w+\n✓ Built image/);

    const second = await run(source);
    expect(second.built).toEqual([]);
    expect((second.stdout + second.stderr).match(/loading in/g)).toHaveLength(2);
    const requests = (await ask("print(await hub.log.remote());"))[0] as string[];
    expect(requests.filter((each) => each.startsWith("GET"))).toHaveLength(2);
    expect(requests.filter((each) => each.startsWith("HEAD"))).toHaveLength(2 * 5);
  },
);

test("runFunction does for a function what @build does for a method, and its arguments count [D1, D2, D4]", async () => {
  const source = `
import { App, Image, Secret, Volume } from "dorian";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
${printing}
const volume = Volume.fromName("run-function", { createIfMissing: true });
async function prepare(name: string, options: { size: number }) {
  writeFileSync("/prepared", JSON.stringify([name, options, process.env.TOKEN, randomUUID()]));
  writeFileSync("/vol/built", name);
}
const image = Image.debianSlim().runFunction(prepare, {
  args: ["iris", { size: 2 }], volumes: { "/vol": volume }, secrets: [Secret.fromObject({ TOKEN: "secret" })],
  cpu: 0.5, memory: 256, timeout: 60,
});
export const app = new App("run-function", { image });
export const read = app.function({ name: "read" }, async () => [JSON.parse(readFileSync("/prepared", "utf8")), existsSync("/vol/built"), process.env.TOKEN ?? null]);
export const readVolume = app.function({ name: "readVolume", volumes: { "/vol": volume } }, async () => readFileSync("/vol/built", "utf8"));
app.localEntrypoint(async () => { print(await read.remote()); print(await readVolume.remote()); });
`;
  const first = await run(source);
  expect(first.printed).toEqual([[["iris", { size: 2 }, "secret", expect.any(String)], false, null], "iris"]);
  const second = await run(source);
  expect(second.built).toEqual([]);
  expect(second.printed).toEqual(first.printed);
  const third = await run(source.replace("size: 2", "size: 3"));
  expect(third.built).toEqual([
    { step: "build function prepare", reason: "the arguments of prepare changed" },
  ]);
  expect(third.printed[0]).toMatchObject([["iris", { size: 3 }, "secret", expect.any(String)], false, null]);
});

test("a build function that is no function, nameless, given too much or slower than its timeout is refused or stopped [B8, D2, D3]", async () => {
  const withImage = (steps: string) => `
import { App, Image } from "dorian";
async function slow() { console.log("began"); await new Promise((resolve) => setTimeout(resolve, 60_000)); }
export const app = new App("refusals", { image: Image.debianSlim()${steps} });
export const nothing = app.function({ name: "nothing" }, async () => 0);
`;
  const refuse = async (steps: string) => {
    const { code, stderr } = await runApp(server.dataDirectory, withImage(steps), { command: "deploy" });
    expect(code).not.toBe(0);
    return stderr;
  };
  expect(await refuse('.runFunction("slow" as never)')).toContain(
    "runFunction was given a string, not a function",
  );
  expect(await refuse(".runFunction(async () => {})")).toContain("a function without a name");
  expect(await refuse('.runFunction(slow as any, { args: ["x".repeat(3 * 1024 * 1024)] })')).toContain(
    "at most 2 MiB",
  );
  const late = await refuse(".runFunction(slow, { timeout: 1 })");
  expect(late).toContain("began");
  expect(late).toMatch(/Image build for im-\w+ failed .*it took too long/);
  expect(late).toContain("longer timeout");
});

test("an interrupted @build method ends with its container, leaves no layer, and runs again next time [B10, C17]", async () => {
  const source = `
import { App, Volume, build, method } from "dorian";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
${printing}
export const app = new App("interrupted");
@app.cls({ volumes: { "/gate": Volume.fromName("build-gate", { createIfMissing: true }) } })
export class Model {
  @build() async download() {
    writeFileSync("/half", "half");
    console.log("downloading");
    while (!existsSync("/gate/open")) await new Promise((resolve) => setTimeout(resolve, 100));
    writeFileSync("/whole", "whole");
  }
  @method() async read() { return readFileSync("/whole", "utf8"); }
}
app.localEntrypoint(async () => { print(await app.instance(Model).read.remote()); });
`;
  const layers = () => readdir(join(server.dataDirectory, "layers"));
  const before = await layers();
  const interrupted = await runApp(server.dataDirectory, source, {
    onOutput: (text, send) => {
      if (/^downloading$/m.test(text)) send("SIGINT");
    },
  });
  expect(interrupted.code).toBe(130);
  const building = async () =>
    (await containersOf(server.dataDirectory)).filter((container) => existsSync(container.path("/half")));
  await expect.poll(building, { timeout: 20_000 }).toEqual([]);
  for (const layer of (await layers()).filter((each) => !before.includes(each))) {
    expect(await readdir(join(server.dataDirectory, "layers", layer))).not.toContain("half");
  }
  await dorian(server.dataDirectory, ["volume", "put", "build-gate", "-", "/open"], { input: "x" });
  const { built, printed } = await run(source);
  expect(built).toEqual([{ step: "build function Model.download", reason: "the last build of it failed" }]);
  expect(printed).toEqual(["whole"]);
});

test("a build step that wants a GPU says so where there is none, instead of waiting in silence [C10]", async () => {
  const source = `
import { App, build, method } from "dorian";
export const app = new App("gpu-build");
@app.cls({ gpu: "any" })
export class Model { @build() async load() {} @method() async work() {} }
`;
  let seen = "";
  const waiting = await runApp(server.dataDirectory, source, {
    command: "deploy",
    onOutput: (text, send) => {
      seen += text;
      if (/no worker has a GPU/i.test(seen)) send("SIGINT");
    },
  });
  expect(seen).toMatch(/no worker has a GPU/i);
  expect(waiting.code).toBe(130);
  // Nothing of it waits on.
  await expect
    .poll(async () => (await dorian(server.dataDirectory, ["container", "list", "--json"])).stdout)
    .not.toContain("gpu-build");
});
