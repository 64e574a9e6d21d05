import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { printing, runApp, type AppRun, type AppRunOptions } from "@dorian/testkit/app-run";
import { deployApp } from "@dorian/testkit/deployed-app";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function run(source: string, options: AppRunOptions = {}): Promise<AppRun> {
  const result = await runApp(server.dataDirectory, source, options);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
}

async function putWeights(content: string): Promise<void> {
  const args = ["volume", "put", "weights", "-", "/model/weights", "--force"];
  const { code, stderr } = await dorian(server.dataDirectory, args, { input: content });
  expect(code, stderr).toBe(0);
}

test("weights in the image and in a volume serve side by side; only a volume's change while the app runs [A1, A2, A5]", async () => {
  expect((await dorian(server.dataDirectory, ["volume", "create", "weights"])).code).toBe(0);
  await putWeights("volume 1");
  const source = (weights: string) => `
import { App, Volume, build, enter, method } from "dorian";
import { readFileSync, writeFileSync } from "node:fs";
const WEIGHTS = "${weights}";
const volume = Volume.fromName("weights");
export const app = new App("both");
@app.cls()
export class Baked {
  weights = "not loaded"; inputs = 0;
  @build() download() { writeFileSync("/weights", WEIGHTS); }
  @enter() load() { this.weights = readFileSync("/weights", "utf8") + (this.inputs === 0 ? "" : " too late"); }
  @method() async infer() { this.inputs += 1; return this.weights; }
}
@app.cls({ volumes: { "/vol": volume } })
export class Stored {
  weights = "not loaded";
  @enter() load() { this.weights = readFileSync("/vol/model/weights", "utf8"); }
  @method() async infer() { await volume.reload(); this.load(); return this.weights; }
}
`;
  const deploy = async (weights: string) => (await run(source(weights), { command: "deploy" })).built.length;
  const infer = async () => {
    const { printed } = await run(`
import { App, Cls } from "dorian";
${printing}
export const app = new App("asker");
export const nothing = app.function({ name: "nothing" }, async () => 0);
const infer = (name: string) => (Cls.fromName("both", name) as any).instance().infer.remote();
app.localEntrypoint(async () => { print([await infer("Baked"), await infer("Stored")]); });
`);
    return printed[0];
  };
  expect(await deploy("image 1")).toBe(1);
  expect(await infer()).toEqual(["image 1", "volume 1"]);
  await putWeights("volume 2");
  expect(await infer()).toEqual(["image 1", "volume 2"]);
  expect(await deploy("image 1")).toBe(0);
  expect(await deploy("image 2")).toBe(1);
  expect(await infer()).toEqual(["image 2", "volume 2"]);
});

test("with weights in the image a cold start asks no hub for them, and is faster than one that does [A3, H3]", async () => {
  await deployApp(
    server.dataDirectory,
    `
import { App } from "dorian";
export const app = new App("slow-hub");
export const get = app.function({ name: "get", maxContainers: 1 }, async (megabytes: number) => {
  await new Promise((resolve) => setTimeout(resolve, megabytes * 100));
  return new Uint8Array(megabytes * 1_000_000);
});
`,
  );
  const { printed } = await run(`
import { App, Function, Volume, build, enter, method } from "dorian";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
${printing}
const requests = Volume.fromName("hub-requests", { createIfMissing: true });
const volumes = { "/requests": requests };
async function download(path: string) {
  writeFileSync("/requests/" + process.env.MODAL_TASK_ID, "");
  await requests.commit();
  writeFileSync(path, await Function.fromName<(megabytes: number) => Promise<Uint8Array>>("slow-hub", "get").remote(20));
}
export const app = new App("cold");
@app.cls({ volumes })
export class Baked {
  size = 0;
  @build() async download() { await download("/weights"); }
  @enter() async load() { if (!existsSync("/weights")) await download("/weights"); this.size = readFileSync("/weights").length; }
  @method() async infer() { return [this.size, process.env.MODAL_TASK_ID]; }
}
@app.cls({ volumes })
export class Fetched {
  size = 0;
  @enter() async load() { if (!existsSync("/weights")) await download("/weights"); this.size = readFileSync("/weights").length; }
  @method() async infer() { return [this.size, process.env.MODAL_TASK_ID]; }
}
export const who = app.function({ name: "who", volumes }, async () => { await requests.reload(); return readdirSync("/requests"); });
app.localEntrypoint(async () => {
  await who.remote();
  for (const model of [app.instance(Baked), app.instance(Fetched)]) {
    const startedAt = Date.now();
    const [size, task] = await model.infer.remote();
    const milliseconds = Date.now() - startedAt;
    print([size, milliseconds, (await who.remote()).includes(task)]);
  }
});
`);
  const [baked, fetched] = printed as [number, number, boolean][] as [
    [number, number, boolean],
    [number, number, boolean],
  ];
  expect([baked[0], baked[2]]).toEqual([20_000_000, false]);
  expect([fetched[0], fetched[2]]).toEqual([20_000_000, true]);
  expect(fetched[1]).toBeGreaterThan(2000);
  expect(baked[1]).toBeLessThan(fetched[1] - 1000);
});

test("an image of 16 GB is built and started without reading it, and a container reads only what it wants [A4, E2]", async () => {
  const readBytes = async () => {
    let sum = 0;
    for (const role of ["server", "worker"] as const)
      sum += Number(
        /rchar: (\d+)/.exec(await readFile(`/proc/${await server.processes.pidOf(role)}/io`, "utf8"))?.[1],
      );
    return sum;
  };
  const before = await readBytes();
  const { printed, stderr } = await run(`
import { App, Image } from "dorian";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
${printing}
const image = Image.debianSlim().runCommands("truncate -s 16G /weights && echo end >> /weights");
export const app = new App("large", { image });
export const read = app.function({ name: "read" }, async () => {
  const bytes = Buffer.alloc(1024);
  const file = openSync("/weights", "r");
  readSync(file, bytes, 0, 1024, 16 * 1024 ** 3);
  closeSync(file);
  return [statSync("/weights").size, bytes.toString("utf8", 0, 3)];
});
app.localEntrypoint(async () => {
  const startedAt = Date.now();
  print(await read.remote());
  print(Date.now() - startedAt);
});
`);
  expect(printed[0]).toEqual([16 * 1024 ** 3 + 4, "end"]);
  expect(printed[1]).toBeLessThan(10_000);
  expect(Number(/Built image im-\w+ in ([\d.]+) (m?s): RUN truncate/.exec(stderr)?.[1])).toBeGreaterThan(0);
  expect((await readBytes()) - before).toBeLessThan(200 * 1024 * 1024);
});

test("weights are plain files: sizes, reads, maps and sendfile agree, and a container's changes are its own [E1, E4, E6]", async () => {
  const { printed } = await run(`
import { App, Image, method, parameter } from "dorian";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
${printing}
async function makeWeights() {
  const weights = randomBytes(32 * 1024 * 1024 + 7);
  writeFileSync("/weights", weights);
  writeFileSync("/digest", createHash("sha256").update(weights).digest("hex"));
  writeFileSync("/other", "other");
}
const script = \`
import hashlib, json, mmap, os
size = os.stat("/weights").st_size
with open("/weights", "rb") as f:
    mapped = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    digests = [hashlib.sha256(mapped).hexdigest(), hashlib.sha256(f.read()).hexdigest()]
    with open("/copy", "wb") as out:
        offset = 0
        while offset < size: offset += os.sendfile(out.fileno(), f.fileno(), offset, size)
digests.append(hashlib.sha256(open("/copy", "rb").read()).hexdigest())
print(json.dumps([size, digests]))
\`;
const image = Image.debianSlim().aptInstall("python3").runFunction(makeWeights);
export const app = new App("plain-files", { image });
@app.cls()
export class Model {
  @parameter() name = "";
  @method() async look() {
    const [size, digests] = JSON.parse(execFileSync("python3", ["-c", script], { encoding: "utf8" }));
    const digest = readFileSync("/digest", "utf8");
    return [size, statSync("/weights").size, [...digests, createHash("sha256").update(readFileSync("/weights")).digest("hex")].every((each) => each === digest), existsSync("/other")];
  }
  @method() async spoil() { appendFileSync("/weights", "more"); rmSync("/other"); return [statSync("/weights").size, existsSync("/other")]; }
}
app.localEntrypoint(async () => {
  const [a, b] = ["a", "b"].map((name) => app.instance(Model, { name }));
  print(await a.look.remote());
  print(await a.spoil.remote());
  print(await b.look.remote());
});
`);
  const size = 32 * 1024 * 1024 + 7;
  const sound = [size, size, true, true];
  expect(printed).toEqual([sound, [size + 4, false], sound]);
});

test("equal files of different images take their place once [E3]", async () => {
  const weights = randomBytes(8_000_000);
  const deploy = (name: string, base: string) =>
    run(
      `
import { App, Image } from "dorian";
const image = Image.debianSlim().runCommands("${base}")
  .addLocalFile("weights.bin", "/models/weights.bin", { copy: true })
  .runCommands("head -c 8000000 /dev/zero > /unpacked && touch -d @1700000000 /unpacked");
export const app = new App("${name}", { image });
export const nothing = app.function({ name: "nothing" }, async () => 0);
`,
      { command: "deploy", files: { "weights.bin": weights } },
    );
  const used = async () => {
    const { stdout } = await promisify(execFile)("du", ["-s", "--block-size=1", server.dataDirectory]);
    return Number(stdout.split("\t")[0]);
  };
  expect((await deploy("first", "echo one > /base")).built).toHaveLength(3);
  const before = await used();
  expect((await deploy("second", "echo two > /base")).built).toHaveLength(3);
  expect((await used()) - before).toBeLessThan(1_000_000);
});

test("modes, owners, links, empty directories and times of a tree survive the round trip through layers [E5]", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { printed } = await run(`
import { App, Image } from "dorian";
import { chmodSync, chownSync, linkSync, lstatSync, lutimesSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
${printing}
function randomFrom(seed: number) {
  let state = seed;
  return (limit: number) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return (state >>> 8) % limit; };
}
async function plant(seed: number) {
  const random = randomFrom(seed);
  const directories = ["/tree"];
  const files: string[] = [];
  mkdirSync("/tree");
  for (let index = 0; index < 300; index += 1) {
    const path = join(directories[random(directories.length)], ["é-", "plain ", "-x.", "ø\\n"][random(4)] + index);
    const kind = random(8);
    if (kind < 2) { mkdirSync(path); directories.push(path); }
    else if (kind === 2) symlinkSync(["nowhere", "/etc/passwd", "../up", "/tree"][random(4)], path);
    else if (kind === 3 && files.length > 0) linkSync(files[random(files.length)], path);
    else { writeFileSync(path, Buffer.alloc(random(3000), index)); files.push(path); }
    if (kind === 4) truncateSync(path, 2_000_000 + index);
    if (kind > 3 && random(3) === 0) chownSync(path, random(5000), random(5000));
    if (kind !== 2) chmodSync(path, [0o644, 0o755, 0o600, 0o4755, 0o2711, 0o444, 0o777][random(7)] | (kind < 2 ? 0o700 : 0));
  }
  setTimes("/tree", random);
  writeFileSync("/planted.json", JSON.stringify(describe("/tree")));
}
async function prune(seed: number) {
  const random = randomFrom(seed + 1);
  const visit = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      const choice = random(20);
      if (choice === 0) rmSync(path, { recursive: true });
      else if (choice === 1 && entry.isDirectory()) { rmSync(path, { recursive: true }); writeFileSync(path, "was a directory"); }
      else if (choice === 1 && entry.isFile()) { rmSync(path); mkdirSync(path); }
      else if (entry.isDirectory()) visit(path);
    }
  };
  visit("/tree");
  setTimes("/tree", random);
  writeFileSync("/pruned.json", JSON.stringify(describe("/tree")));
}
function setTimes(path: string, random: (limit: number) => number) {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), random);
  lutimesSync(path, 1_000_000_000, 1_000_000_000 + random(500_000_000) + 0.25);
}
function describe(root: string) {
  const links = new Map<number, string>();
  const entries: unknown[] = [];
  const visit = (path: string) => {
    const stats = lstatSync(path, { bigint: true });
    const first = links.get(Number(stats.ino)) ?? path;
    links.set(Number(stats.ino), first);
    const content = stats.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : stats.isSymbolicLink() ? readlinkSync(path) : "";
    entries.push([path, Number(stats.mode), Number(stats.uid), Number(stats.gid), String(stats.mtimeNs), content, stats.isFile() ? first : ""]);
    if (stats.isDirectory()) for (const name of readdirSync(path).toSorted()) visit(join(path, name));
  };
  visit(root);
  return entries;
}
const planted = Image.debianSlim().runFunction(plant, { args: [${seed}] });
const pruned = planted.runFunction(prune, { args: [${seed}] });
export const app = new App("trees");
export const lookPlanted = app.function({ name: "lookPlanted", image: planted }, async () => [describe("/tree"), JSON.parse(readFileSync("/planted.json", "utf8"))]);
export const lookPruned = app.function({ name: "lookPruned", image: pruned }, async () => [describe("/tree"), JSON.parse(readFileSync("/pruned.json", "utf8"))]);
app.localEntrypoint(async () => { print(await lookPlanted.remote()); print(await lookPruned.remote()); });
`);
  for (const [seen, built] of printed as [unknown[], unknown[]][] as [unknown[], unknown[]][]) {
    expect(built.length).toBeGreaterThan(20);
    expect(seen, `seed ${seed}`).toEqual(built);
  }
  expect(printed).toHaveLength(2);
});
