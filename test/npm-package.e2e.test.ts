import { checkout } from "@dorian/testkit/checkout";
import { packedPackage, projectWithPackage, type PackedPackage } from "@dorian/testkit/installed-package";
import { olderNode } from "@dorian/testkit/older-node";
import { runCommand } from "@dorian/testkit/run-command";
import { StandInHub } from "@dorian/testkit/stand-in-hub";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const app = `
import { readFileSync } from "node:fs";
import { App, Image, parameter, method } from "dorian";
import { shout } from "./lib/shout.js";

const image = Image.debianSlim().addLocalDir("data", "/opt/data");
export const app = new App("installed", { image });
export const greet = app.function({ name: "greet" }, async (name: string) => {
  const words = JSON.parse(readFileSync("/opt/data/words.json", "utf8")) as { hello: string };
  return shout(\`\${words.hello} \${name}\`);
});
@app.cls()
export class Counter {
  @parameter() start = 0;
  @method() async next() { return this.start + 1; }
}
app.localEntrypoint(async () => {
  console.log(await greet.remote("Ann"), await app.instance(Counter, { start: 6 }).next.remote());
});
`;

/** More than is hashed without a thread. */
const largeBytes = 1_000_000;

const files = {
  "large.bin": Buffer.alloc(largeBytes, "large"),
  "package.json": JSON.stringify({ name: "project", private: true, type: "module" }),
  "tsconfig.json": JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, target: "es2022", lib: ["es2022"], skipLibCheck: false },
    include: ["src"],
  }),
  "src/app.ts": app,
  "src/lib/shout.ts": `export const shout = (text: string): string => text.toUpperCase() + "!";`,
  "src/data/words.json": `{"hello": "hello"}`,
  "call.mjs": `
import { Function, Volume } from "dorian";
async function main() {
  const files = await Volume.fromName("kept", { createIfMissing: true }).files();
  await files.putFile("large.bin", "/large.bin", { overwrite: true });
  const { length } = await files.readFile("/large.bin");
  console.log(await Function.fromName("installed", "greet").remote("module"), length);
  process.exit(0);
}
main();`,
  "call.cjs": `
const { Function } = require("dorian");
Function.fromName("installed", "greet").remote("common").then((said) => { console.log(said); process.exit(0); });`,
  "src/app.test.ts": `
import assert from "node:assert/strict";
import { test } from "node:test";
import { runInProcess } from "dorian/testing";
import { Counter, app } from "./app.js";
test("counts", async () => {
  await using _ = await runInProcess(app);
  assert.equal(await app.instance(Counter, { start: 6 }).next.remote(), 7);
});`,
  "in-process.cjs": `
const { App } = require("dorian");
const { runInProcess } = require("dorian/testing");
const app = new App("common");
const double = app.function({ name: "double" }, async (x) => 2 * x);
runInProcess(app).then(async (run) => {
  console.log(await double.remote(21));
  await run[Symbol.asyncDispose]();
});`,
  "vite.config.mjs": `export default { ssr: { noExternal: true }, build: { minify: true } };`,
  // What an import of the SDK loads from disk.
  "loaded.mjs": `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
await import(process.argv[2]);
console.log(JSON.stringify(loaded));`,
};

/** Two packages of a workspace; the app uses the other one's sources. */
const workspaceFiles = (tarball: string) => ({
  "package.json": JSON.stringify({
    private: true,
    workspaces: ["packages/*"],
    devDependencies: { "@types/node": "*" },
  }),
  "packages/lib/package.json": JSON.stringify({
    name: "@acme/lib",
    version: "1.0.0",
    type: "module",
    exports: "./src/index.ts",
  }),
  "packages/lib/src/index.ts": `export const shout = (text: string): string => text.toUpperCase() + "!";`,
  "packages/app/package.json": JSON.stringify({
    name: "@acme/app",
    version: "1.0.0",
    type: "module",
    dependencies: { dorian: `file:${tarball}`, "@acme/lib": "1.0.0" },
  }),
  "packages/app/app.ts": `
import { App } from "dorian";
import { shout } from "@acme/lib";
export const app = new App("of-workspace");
export const greet = app.function({ name: "greet" }, async (name: string) => shout(\`hello \${name}\`));
app.localEntrypoint(async () => console.log(await greet.remote("workspace")));
`,
});

let project: TemporaryDirectory;
let monorepo: TemporaryDirectory;
let bundled: TemporaryDirectory;
let packed: PackedPackage;
let server: RunningServer;
let models: TemporaryDirectory;
let hub: StandInHub;

/** What the template with weights fetches, in small: two words, and a vector of two numbers for each. */
const tinyModel = {
  "minishlab/potion-base-2M/tokenizer.json": JSON.stringify({
    model: { vocab: { bread: 0, dough: 1, train: 2 } },
  }),
  "minishlab/potion-base-2M/model.safetensors": safetensors([3, 2], [1, 0, 1, 0.2, 0, 1]),
};

function safetensors(shape: number[], numbers: number[]): Buffer {
  const content = Buffer.from(Float32Array.from(numbers).buffer);
  const tensor = { dtype: "F32", shape, data_offsets: [0, content.length] };
  const header = Buffer.from(JSON.stringify({ embeddings: tensor }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, content]);
}

const at = (...path: string[]) => join(project.path, ...path);
const tool = (name: string) => join(checkout, "node_modules/.bin", name);

async function said(command: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const { code, stdout, stderr } = await runCommand(command, { cwd: project.path, ...options });
  expect(code, stdout + stderr).toBe(0);
  return stdout.trim();
}

beforeAll(async () => {
  packed = await packedPackage();
  project = await projectWithPackage(files);
  await chmod(project.path, 0o755);
  bundled = await temporaryDirectory();
  monorepo = await temporaryDirectory(workspaceFiles(packed.tarball));
  // Each package finds its own dependencies alone, by links, as pnpm has it.
  const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--install-strategy=linked"];
  await said(["npm", "install", ...flags], { cwd: monorepo.path });
  models = await temporaryDirectory(tinyModel);
  hub = await StandInHub.start(models.path);
  server = await runningServer({
    program: [process.execPath, at("node_modules/dorian/bin/dorian.js")],
    env: { HF_ENDPOINT: hub.url },
  });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
  for (const directory of [models, project, monorepo, bundled]) await directory?.[Symbol.asyncDispose]();
});

const dorian = (args: string[], cwd: string) =>
  said([at("node_modules/.bin/dorian"), ...args], { cwd, env: { DORIAN_DATA: server.dataDirectory } });

test("the package is one that every module system and its types resolve", async () => {
  expect(await said([tool("publint"), "--strict", packed.built])).toContain("All good");
  // Resolution as Node 10 had it knows no doors, and no Node that the package runs on has it.
  expect(await said([tool("attw"), "--profile", "node16", "--pack", packed.built])).toContain("(ignored)");
});

test.each([
  ["nodenext", "nodenext", false],
  ["node16", "node16", false],
  ["preserve", "bundler", false],
  ["nodenext", "nodenext", true],
])(
  "an app is checked strictly, libraries and all (%s, %s, old decorators: %s)",
  async (module, moduleResolution, old) => {
    const flags = [
      "--module",
      module,
      "--moduleResolution",
      moduleResolution,
      "--experimentalDecorators",
      String(old),
    ];
    expect(await said([tool("tsc"), "--project", project.path, ...flags])).toBe("");
  },
);

test("an app with files beside it runs from any directory", async () => {
  expect(await dorian(["run", "src/app.ts"], project.path)).toContain("HELLO ANN! 7");
  expect(await dorian(["run", at("src/app.ts")], "/")).toContain("HELLO ANN! 7");
});

test("an app in a workspace of linked packages is checked strictly, and takes another one's sources along", async () => {
  const directory = join(monorepo.path, "packages/app");
  const strict = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext"];
  expect(await said([tool("tsc"), ...strict, "app.ts"], { cwd: directory })).toBe("");
  const command = [join(directory, "node_modules/.bin/dorian"), "run", "app.ts"];
  const env = { DORIAN_DATA: server.dataDirectory };
  expect(await said(command, { cwd: directory, env })).toContain("HELLO WORKSPACE!");
});

const esbuildFlags = ["--bundle", "--minify", "--keep-names", "--platform=node", "--target=node20"];

describe("a deployed function is called", () => {
  beforeAll(async () => void (await dorian(["deploy", "src/app.ts"], project.path)));

  test.each([20, 22, 24])("from programs of both module systems on Node %i", async (major) => {
    const node = major === 24 ? process.execPath : await olderNode(major);
    const env = { DORIAN_DATA: server.dataDirectory };
    expect(await said([node, "call.mjs"], { env })).toBe(`HELLO MODULE! ${largeBytes}`);
    expect(await said([node, "call.cjs"], { env })).toBe("HELLO COMMON!");
  });

  test.each([
    ["Vite", ["vite", "build", "--ssr", "call.mjs", "--config", "vite.config.mjs"]],
    ["esbuild", ["esbuild", "call.mjs", ...esbuildFlags, "--format=esm"]],
    ["esbuild to CommonJS", ["esbuild", "call.mjs", ...esbuildFlags, "--format=cjs"]],
  ])("from a program that %s made, where nothing is installed", async (name, [bundler = "", ...args]) => {
    const out = join(bundled.path, name);
    await said([tool(bundler), ...args, `--${bundler === "vite" ? "outDir" : "outdir"}=${out}`]);
    await writeFile(join(out, "package.json"), name.endsWith("CommonJS") ? "{}" : `{"type": "module"}`);
    const env = { DORIAN_DATA: server.dataDirectory };
    expect(await said([process.execPath, join(out, "call.js")], { env })).toBe(`HELLO MODULE! ${largeBytes}`);
  });

  test("by a user without root, with a token of their own", async () => {
    const printed = await dorian(["token", "new"], project.path);
    const token = Object.fromEntries(
      [...printed.matchAll(/^(?:export )?(MODAL_\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    );
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    expect(await said([...nobody, process.execPath, "call.mjs"], { env: token })).toBe(
      `HELLO MODULE! ${largeBytes}`,
    );
  });
});

test("whoever imports the SDK loads neither the server nor what builds apps", async () => {
  const loaded = JSON.parse(await said([process.execPath, "loaded.mjs", "dorian"])) as string[];
  const others = loaded.filter((url) => !url.includes("/node_modules/dorian/dist/"));
  expect(others).toEqual([]);
  expect(programsAmong(loaded)).toEqual([]);
});

test("an import of the SDK loads few files, and leaves Node's own modules until they are used", async () => {
  const loaded = JSON.parse(await said([process.execPath, "loaded.mjs", "dorian"])) as string[];
  expect(loaded.map((url) => /\/dist\/(\w+)/.exec(url)?.[1] ?? url).toSorted()).toEqual([
    "base",
    "index",
    "rolldown",
    "sdk",
    "shared",
  ]);
});

test("an app runs in the process of its own tests, where no server is loaded", async () => {
  const register = ["--import", "dorian/testing/register"];
  const reported = await said([process.execPath, ...register, "--test", "src/app.test.ts"]);
  expect(reported).toMatch(/pass 1\n.*fail 0/);
  expect(await said([process.execPath, "in-process.cjs"])).toBe("42");
  const loaded = JSON.parse(await said([process.execPath, "loaded.mjs", "dorian/testing"])) as string[];
  expect(programsAmong(loaded)).toEqual([]);
});

/** Files of the server's, the worker's and the command line's own. */
function programsAmong(urls: string[]): string[] {
  return urls.map((url) => url.replace(/.*\//, "")).filter((name) => /^(server|worker|cli)[-.]/.test(name));
}

describe("a project that init makes", () => {
  async function made(template: string): Promise<string> {
    const directory = at(`of-${template}`);
    await rm(directory, { recursive: true, force: true });
    await dorian(["init", `of-${template}`, "--template", template], project.path);
    expect(await said([tool("tsc"), "--project", directory, "--skipLibCheck", "false"])).toBe("");
    return directory;
  }

  test("with a function is checked strictly, and runs", async () => {
    const directory = await made("function");
    expect(await dorian(["run", "app.ts", "--limit", "1000"], directory)).toContain(
      "There are 168 primes below 1000.",
    );
  });

  test("with weights fetches them once, and loads them", async () => {
    const directory = await made("weights");
    await dorian(["run", "app.ts", "--query", "bread"], directory);
    const again = await dorian(["run", "app.ts", "--query", "bread"], directory);
    expect(again).toMatch(/^minishlab\/potion-base-2M is there\.\n(.*\n)*0\.98 {2}Knead the dough/m);
  });

  test("with a web service answers over HTTP", async () => {
    const directory = await made("web");
    await dorian(["deploy", "app.ts"], directory);
    const service = spawn(process.execPath, ["server.ts"], {
      cwd: directory,
      env: { ...process.env, DORIAN_DATA: server.dataDirectory, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void service.kill());
    const [line] = (await once(createInterface({ input: service.stdout }), "line")) as [string];
    const [url = ""] = /http:\S+/.exec(line) ?? [];
    const answer = await fetch(`${url}/read`, { method: "POST", body: "How many words are these?" });
    expect(await answer.json()).toMatchObject({ words: 5 });
    expect((await fetch(`${url}/read`, { method: "POST", body: "x".repeat(2_000_000) })).status).toBe(413);
    expect((await fetch(url)).status).toBe(404);
  });
});
