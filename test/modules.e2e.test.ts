import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const files = {
  "my app #1.ts": `
import { App, Image } from "dorian";
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import labels from "./data dir/labels #2.json" with { type: "json" };
import bytes from "./lib/empty.wasm";
import { atTop, fail } from "./lib/top 100%.ts";

const require = createRequire(import.meta.url);
const records = require("./lib/records.json");
const image = Image.debianSlim()
  .addLocalDir("data dir", "/root/added")
  .addLocalFile(new URL("./lib/note.txt", import.meta.url), "/root/added/note.txt");
export const app = new App("modules", { image });

const answerOf = (worker: Worker) => new Promise((resolve, reject) => { worker.on("message", resolve).on("error", reject); });
if (!isMainThread) parentPort!.postMessage("the app itself, as a worker");

async function look() {
  const name = "dynamic";
  const literal = await import("./lib/dynamic.ts");
  const pattern = await import(\`./lib/\${name}.ts\`);
  return {
    url: import.meta.url, filename: import.meta.filename, dirname: import.meta.dirname, main: import.meta.main,
    old: [__filename, __dirname], resolved: import.meta.resolve("./lib/dynamic.ts"), builtin: import.meta.resolve("fs"),
    atTop, json: [labels.a, records.r], wasm: bytes.length, imported: [literal.five, pattern.five, literal.where],
    legacy: require("./lib/legacy.cjs").three,
    text: readFileSync(new URL("./lib/note.txt", import.meta.url), "utf8"),
    joined: readFileSync(join(import.meta.dirname, "lib", "note.txt"), "utf8"),
  };
}
export const there = app.function({ name: "there" }, look);
export const work = app.function({ name: "work" }, async () => {
  const forked = fork(fileURLToPath(new URL("./lib/child.ts", import.meta.url)));
  const child = new Promise((resolve) => forked.once("message", resolve));
  return {
    added: [existsSync("/root/added/labels #2.json"), existsSync("/root/added/note.txt")],
    worker: await answerOf(new Worker(new URL("./lib/worker.ts", import.meta.url), { workerData: 4 })),
    itself: await answerOf(new Worker(import.meta.filename)),
    child: await child,
  };
});
export const lack = app.function({ name: "lack" }, async (what: string) => {
  if (what === "read") return readFileSync(join(import.meta.dirname, [what, "csv"].join(".")));
  if (what === "worker") return await answerOf(new Worker("./lib/" + "worker.ts"));
  return fail();
});
app.localEntrypoint(async () => {
  const specifier = ["./lib", "dynamic.ts"].join("/");
  const here = { ...(await look()), byValue: (await import(specifier)).five };
  const missing = [];
  for (const what of ["read", "worker", "trace"]) try { await lack.remote(what); } catch (error) { missing.push((error as Error).message, (error as any).remoteStack); }
  console.log("> " + JSON.stringify([here, await there.remote(), await work.remote(), missing]));
});
`,
  "lib/top 100%.ts": `
import { readFileSync } from "node:fs";
export const atTop = readFileSync(new URL("./note.txt", import.meta.url), "utf8");
export const fail = () => {
  throw new Error("on purpose");
};
`,
  "lib/dynamic.ts": `export const five: number = 5; export const where = import.meta.url;`,
  "lib/legacy.cjs": `module.exports = { three: 3 };`,
  "lib/worker.ts": `
import { parentPort, workerData } from "node:worker_threads";
import { twice } from "./math";
enum Kind { Worker = "worker" }
parentPort!.postMessage([twice(workerData as number), Kind.Worker, import.meta.filename]);
`,
  "lib/math.ts": `export const twice = (value: number): number => value * 2;`,
  "lib/child.ts": `process.send!("child " + (process.argv.length satisfies number)); process.disconnect();`,
  "lib/note.txt": "a note",
  "lib/records.json": `{"r":2}`,
  "lib/empty.wasm": Buffer.from("0061736d01000000", "hex"),
  "data dir/labels #2.json": `{"a":1}`,
};

test("a module is where its source is while the app loads, and beside its files in containers, whatever their names [A7]", async () => {
  const name = "ä #1 100%25?";
  await using project = await temporaryDirectory(
    Object.fromEntries(Object.entries(files).map(([file, content]) => [`${name}/${file}`, content])),
  );
  const directory = join(project.path, name);
  await using elsewhere = await temporaryDirectory();
  const { stdout, stderr } = await dorian(server.dataDirectory, ["run", join(directory, "my app #1.ts")], {
    cwd: elsewhere.path,
  });
  const line = stdout.split("\n").find((each) => each.startsWith("> "));
  expect(line, stderr).toBeDefined();
  const [here, there, work, missing] = JSON.parse((line ?? "").slice(2)) as [
    Record<string, unknown>,
    Record<string, unknown>,
    Record<string, unknown>,
    string[],
  ];
  const escaped = directory.replace(name, "%C3%A4%20%231%20100%2525%3F");
  const same = {
    main: false,
    builtin: "node:fs",
    atTop: "a note",
    json: [1, 2],
    wasm: 8,
    legacy: 3,
    text: "a note",
    joined: "a note",
  };
  expect(here).toEqual({
    ...same,
    url: `file://${escaped}/my%20app%20%231.ts`,
    filename: `${directory}/my app #1.ts`,
    dirname: directory,
    old: [`${directory}/my app #1.ts`, directory],
    resolved: `file://${escaped}/lib/dynamic.ts`,
    imported: [5, 5, `file://${escaped}/lib/dynamic.ts`],
    byValue: 5,
  });
  expect(there).toEqual({
    ...same,
    url: "file:///root/my%20app%20%231.mjs",
    filename: "/root/my app #1.mjs",
    dirname: "/root",
    old: ["/root/my app #1.mjs", "/root"],
    resolved: "file:///root/lib/dynamic.ts",
    imported: [5, 5, "file:///root/lib/dynamic.ts"],
  });
  expect(work).toEqual({
    added: [true, true],
    worker: [8, "worker", "/root/lib/worker.ts"],
    itself: "the app itself, as a worker",
    child: "child 2",
  });
  expect(missing[0]).toContain(`.addLocalFile("read.csv", "/root/read.csv")`);
  expect(missing[2]).toContain(`new URL("./lib/worker.ts", import.meta.url)`);
  expect(missing[5]).toMatch(/lib\/top 100%\.ts:5:9\)/);
  expect(missing[5]).toMatch(/my app #1\.ts:50:10/);
});

const guarded = {
  "app.ts": `
import { App, Image } from "dorian";
import { readFileSync, writeFileSync } from "node:fs";
const numbers = Image.debianSlim().npmInstall("is-number@7.0.0");
const { default: isNumber } = await numbers.imports(() => import("is-number"));
const words = Image.debianSlim();
const { pad } = await words.imports(() => import("not-there"));
async function check() { writeFileSync("/checked", String(isNumber("5"))); }
export const app = new App("guarded", { image: Image.debianSlim().env({ PLAIN: "1" }) });
export const counted = app.function({ name: "counted", image: numbers.runFunction(check) }, async () => [isNumber("5"), readFileSync("/checked", "utf8")]);
export const plain = app.function({ name: "plain" }, async () => process.env.PLAIN);
export const careless = app.function({ name: "careless" }, async () => isNumber("5"));
export const lacking = app.function({ name: "lacking", image: words }, async () => pad("5"));
const messageOf = (error: Error) => error.message;
app.localEntrypoint(async () => {
  const failed = [await careless.remote().catch(messageOf), await lacking.remote().catch(messageOf)];
  console.log("> " + JSON.stringify([await counted.remote(), await plain.remote(), failed]));
});
`,
};

test("packages that one image holds are imported at the top of a module that containers of other images load too [D5]", async () => {
  await using project = await temporaryDirectory(guarded);
  const { stdout, stderr } = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  const printed = /^> (.*)$/m.exec(stdout)?.[1] ?? "null";
  expect(JSON.parse(printed), stdout + stderr).toEqual([
    [true, "true"],
    "1",
    [
      expect.stringContaining(
        'Cannot use default of "is-number" here: it is not installed. Add it to the image',
      ),
      expect.stringContaining('The image does not hold the npm package "not-there"'),
    ],
  ]);
});

const workspace = {
  "shared/package.json": `{"name":"@acme/shared","type":"module","exports":"./main.js"}`,
  "shared/main.js": `import { readFileSync } from "node:fs";
import isNumber from "is-number";
export const read = () => [isNumber("5"), import.meta.filename, readFileSync(new URL("./data/words.txt", import.meta.url), "utf8")];`,
  "shared/data/words.txt": "words",
  "shared/node_modules/is-number/package.json": "{ this one stays here",
  "app/app.ts": `
import { App, Image } from "dorian";
import { read } from "@acme/shared";
const image = Image.debianSlim().npmInstall("is-number@7.0.0");
export const app = new App("workspace");
export const mounted = app.function({ name: "mounted", image: image.addLocalPackage("../shared") }, async () => read());
export const copied = app.function({ name: "copied", image: image.addLocalPackage("../shared", { copy: true }).env({ A: "1" }) }, async () => read());
app.localEntrypoint(async () => console.log("> " + JSON.stringify([await mounted.remote(), await copied.remote()])));
`,
};

test("a package of the same workspace lies in the image as a package, with its files and without its node_modules", async () => {
  await using project = await temporaryDirectory(workspace);
  const run = () => dorian(server.dataDirectory, ["run", "app.ts"], { cwd: join(project.path, "app") });
  const { stdout, stderr } = await run();
  const seen = [true, "/root/node_modules/@acme/shared/main.js", "words"];
  const printed = /^> (.*)$/m.exec(stdout)?.[1] ?? "null";
  expect(JSON.parse(printed), stdout + stderr).toEqual([seen, seen]);
  await writeFile(join(project.path, "shared/package.json"), `{"name":"../../escape"}`);
  const refused = await run();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('has no name that an npm package can have: "../../escape"');
});
