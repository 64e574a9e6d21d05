import { once } from "node:events";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { checkout } from "@dorian/testkit/checkout";
import { dorian, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

interface Deployment {
  name: string;
  appId: string;
  functions: Record<string, string>;
}

const source = `
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, method, parameter } from "dorian";
export const app = new App("cli-deploy");
export const version = app.function({ name: "version", maxConcurrentInputs: 10 }, async (ms = 0) => {
  await delay(ms);
  return "one";
});
export const other = app.function({ name: "other" }, async () => "other one");
@app.cls()
export class Model {
  @parameter() modelId = "a";
  @method() async which() { return this.modelId; }
}
`;

let server: RunningServer;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer();
  project = await temporaryDirectory({ "app.ts": source });
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function cli(args: string[], cwd = project.path): Promise<CommandResult> {
  return dorian(server.dataDirectory, args, { cwd });
}

async function deploy(): Promise<Deployment> {
  const result = await cli(["deploy", "app.ts", "--json"]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as Deployment;
}

const edit = (change: (text: string) => string) =>
  writeFile(join(project.path, "app.ts"), change(source), "utf8");

const version = RemoteFunction.fromName<(ms?: number) => Promise<string>>("cli-deploy", "version");
const other = RemoteFunction.fromName<() => Promise<string>>("cli-deploy", "other");

describe("deploy", () => {
  let first: Deployment;

  test("makes an app that other programs call by name", async () => {
    const result = await cli(["deploy", "app.ts"]);
    expect([result.code, result.stdout]).toEqual([0, ""]);
    expect(result.stderr).toContain("└── 🔨 Created");
    expect(result.stderr).toMatch(/✓ App deployed in .+! 🎉/);
    expect(await version.remote()).toBe("one");
    first = await deploy();
    expect(first.name).toBe("cli-deploy");
    expect(Object.keys(first.functions).toSorted()).toEqual(["Model.*", "other", "version"]);
    expect(JSON.parse((await cli(["app", "list", "--json"])).stdout)).toMatchObject([
      { appId: first.appId, name: "cli-deploy", state: "deployed" },
    ]);
  });

  test("over a running app keeps its ids and fails no call, and the new code takes over for good", async () => {
    const answers: string[] = [];
    const calling = (async () => {
      while (answers.filter((answer) => answer === "two").length < 10) answers.push(await version.remote());
    })();
    const long = version.remote(4_000);
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(3));
    await edit((text) => text.replace(`return "one"`, `return "two"`));
    expect(await deploy()).toMatchObject({ appId: first.appId, functions: first.functions });
    await calling;
    expect(answers.join(" ")).toMatch(/^one( one)*( two)*$/);
    expect(await long).toBe("one");
  });

  test("that fails leaves the running version untouched, whatever it is that fails", async () => {
    const two = (text: string) =>
      text.replace(`return "one"`, `return "broken"`).replace("other one", "other broken");
    const failures = {
      syntax: (text: string) => `${two(text)}\nexport const = 3;\n`,
      "at import": (text: string) => `${two(text)}\nthrow new Error("not today");\n`,
      "image build": (text: string) =>
        two(text).replace(
          `{ name: "other" }`,
          `{ name: "other", image: Image.debianSlim().runCommands("echo no weights; exit 3") }`,
        ),
    };
    const said: Record<string, string> = {};
    for (const [name, change] of Object.entries(failures)) {
      await edit(change);
      const { code, stdout, stderr } = await cli(["deploy", "app.ts"]);
      expect([name, code, stdout]).toEqual([name, 1, ""]);
      said[name] = stderr;
      expect(await Promise.all([version.remote(), other.remote()])).toEqual(["two", "other one"]);
    }
    expect(said["syntax"]).toContain("app.ts:16:14");
    expect(said["at import"]).toContain("not today");
    expect(said["image build"]).toContain("no weights");
    expect(said["image build"]).toMatch(
      /\nError: Image build for im-.+\n(.*\n)* {2}Why: .*\(IMAGE_BUILD_FAILED\)\n {2}Fix: .+\n$/,
    );
    await edit((text) => text.replace(`return "one"`, `return "three"`));
    expect((await deploy()).functions).toEqual(first.functions);
    expect(await version.remote()).toBe("three");
  });
});

test("serve publishes an edit, survives a broken one, and ends well with Ctrl-C", async () => {
  const served = (word: string) => `
import { App } from "dorian";
export const app = new App("cli-serve");
if (process.env.MODAL_TASK_ID) console.log("container has ${word}");
export const idle = app.function({ name: "idle", minContainers: 1 }, async () => 1);
`;
  await using directory = await temporaryDirectory({ "app.ts": served("one") });
  const write = (text: string) => void writeFile(join(directory.path, "app.ts"), text);
  const script: { sign: string; then: (send: (signal: NodeJS.Signals) => void) => void }[] = [
    { sign: "container has one", then: () => write(served("two")) },
    {
      sign: "container has two",
      then: () => write(served("broken").replace("minContainers: 1", "minContainers: ")),
    },
    { sign: "The app goes on as it was", then: () => write(served("three")) },
    { sign: "container has three", then: (send) => send("SIGINT") },
  ];
  let output = "";
  const result = await dorian(server.dataDirectory, ["serve", "app.ts"], {
    cwd: directory.path,
    onOutput: (text, send) => {
      output += text;
      const next = script[0];
      if (!next || !output.includes(next.sign)) return;
      script.shift();
      next.then(send);
    },
  });
  expect(script).toEqual([]);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toMatch(/Published again in .+ \(app\.ts changed\)/);
  expect(result.stderr).not.toContain("container has broken");
  expect(result.stderr.trimEnd().split("\n").at(-1)).toBe("✓ App stopped.");
  const apps = JSON.parse((await cli(["app", "list", "--json"])).stdout) as { name: string }[];
  expect(apps.map(({ name }) => name)).toEqual(["cli-deploy"]);
});

test("serve waits for a first mistake to be mended, follows new files and what images add, and is called by name meanwhile [A12]", async () => {
  const app = (body: string) => `
import { App, Image } from "dorian";
import { readFileSync } from "node:fs";
${body}
export const app = new App("cli-served", { image: Image.debianSlim().addLocalDir("data", "/root/data", { ignore: ["*.log"] }) });
export const look = app.function({ name: "look" }, async () => [word, readFileSync("/root/data/x", "utf8")]);
`;
  await using directory = await temporaryDirectory({
    "src/app.ts": app("const word = ;"),
    "src/data/x": "x1",
    "src/data/noise.log": "1",
  });
  const write = (name: string, text: string) => writeFile(join(directory.path, "src", name), text);
  let served = 0;
  const look = async () => {
    served += 1;
    const found = RemoteFunction.fromName<() => Promise<string[]>>("cli-served", "look");
    return await found.remote();
  };
  const seen: unknown[] = [];
  const steps: [sign: RegExp, act: (send: (signal: NodeJS.Signals) => void) => Promise<unknown>][] = [
    [/Waiting for a change of its files/, async () => await write("app.ts", app(`const word = "one";`))],
    [
      /Serving app cli-served/,
      async () => {
        seen.push(await look());
        await write("data/noise.log", "2");
        await write("app.ts", app(`import { word } from "./helper.ts";`));
      },
    ],
    [/goes on as it was/, async () => await write("helper.ts", `export const word = ;`)],
    [
      /goes on as it was[^]*goes on as it was/,
      async () => await write("helper.ts", `export const word = "two";`),
    ],
    [
      /Published again.*helper\.ts changed/,
      async () => {
        seen.push(await look());
        await write("data/x", "x2");
      },
    ],
    [
      /Published again.*data\/x changed/,
      async (send) => {
        seen.push(await look());
        send("SIGINT");
      },
    ],
  ];
  let output = "";
  let acting: Promise<unknown> = Promise.resolve();
  const result = await dorian(server.dataDirectory, ["serve", "src/app.ts"], {
    cwd: directory.path,
    onOutput: (text, send) => {
      output += text;
      const [sign, act] = steps[0] ?? [];
      if (!sign?.test(output) || !act) return;
      steps.shift();
      acting = acting.then(() => act(send));
    },
  });
  await acting;
  expect(steps).toEqual([]);
  expect(result.code, result.stderr).toBe(0);
  expect(seen).toEqual([
    ["one", "x1"],
    ["two", "x1"],
    ["two", "x2"],
  ]);
  expect(served).toBe(3);
  expect(result.stderr).not.toContain("noise.log");
  await expect(look()).rejects.toMatchObject({ code: "APP_NOT_FOUND" });
});

describe("lists", () => {
  test("all print JSON that parses, with ISO times, and tables without control codes", async () => {
    await writeFile(join(project.path, "weights.bin"), Buffer.alloc(1000));
    for (const args of [
      ["create", "cli-volume"],
      ["put", "cli-volume", "weights.bin", "/a/weights.bin"],
      ["put", "cli-volume", "weights.bin", "/b.bin"],
    ]) {
      const { code, stderr } = await cli(["volume", ...args]);
      expect(code, stderr).toBe(0);
    }
    await version.remote();
    const lists: Record<string, unknown[]> = {};
    for (const name of [
      "app list",
      "container list",
      "image list",
      "volume list",
      "volume ls cli-volume",
      "volume versions cli-volume",
    ]) {
      const { code, stdout, stderr } = await cli([...name.split(" "), "--json"]);
      expect([name, code, stderr]).toEqual([name, 0, ""]);
      lists[name] = JSON.parse(stdout) as unknown[];
      expect(lists[name].length, name).toBeGreaterThan(0);
      const table = await dorian(server.dataDirectory, name.split(" "), {
        env: { NO_COLOR: "", FORCE_COLOR: "" },
      });
      expect([name, table.code, table.stderr]).toEqual([name, 0, ""]);
      expect(table.stdout).not.toContain("\u001B");
      expect(table.stdout.trimEnd().split("\n").length, table.stdout).toBeGreaterThan(lists[name].length);
    }
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    expect(lists["container list"]).toContainEqual(
      expect.objectContaining({ app: "cli-deploy", function: "version", enqueuedAt: time, startedAt: time }),
    );
    expect(lists["image list"]).toContainEqual(expect.objectContaining({ state: "ready", createdAt: time }));
    expect(lists["volume versions cli-volume"]).toMatchObject([
      { version: 2, createdAt: time, author: "client", bytes: 1000 },
      { version: 1, createdAt: time, author: "client", bytes: 1000 },
      { version: 0, createdAt: time, author: "client", bytes: 0 },
    ]);
    expect(lists["volume ls cli-volume"]).toMatchObject([{ path: "a" }, { path: "b.bin" }]);
  });

  test("errors have three lines: what, why with a code, and what to do", async () => {
    const three = /^Error: .+\n {2}Why: .*\([A-Z_]+\)\n {2}Fix: .+\n$/;
    const env = { MODAL_TOKEN_ID: "ak-wrong", MODAL_TOKEN_SECRET: "as-wrong" };
    const results = {
      volume: await cli(["volume", "ls", "nope"]),
      app: await cli(["app", "logs", "nope"]),
      container: await cli(["container", "logs", "ta-nope"]),
      exec: await cli(["container", "exec", "ta-nope", "true"]),
      token: await dorian(server.dataDirectory, ["app", "list"], { env }),
      server: await dorian(server.dataDirectory, ["app", "list", "--server", "http://127.0.0.1:1"]),
      data: await dorian("/nonexistent", ["app", "list"]),
    };
    for (const [name, { code, stdout, stderr }] of Object.entries(results)) {
      expect([name, code, stdout]).toEqual([name, 1, ""]);
      expect(stderr, name).toMatch(three);
    }
  });
});

test("token new prints what a program elsewhere needs, and nothing else", async () => {
  const { stdout } = await cli(["token", "new"]);
  const lines = stdout.trimEnd().split("\n");
  const env = Object.fromEntries(
    lines.map((line) => /^export (MODAL_[A-Z_]+)=(\S+)$/.exec(line)?.slice(1) ?? []),
  ) as Record<string, string>;
  expect(Object.keys(env)).toEqual(["MODAL_SERVER_URL", "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"]);
  const listed = await dorian("/nonexistent", ["app", "list", "--json"], { env });
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  expect(JSON.parse(listed.stdout)).toHaveLength(1);
  await using elsewhere = await temporaryDirectory({
    "program.ts": `
import { Function } from "${join(checkout, "packages/dorian/src/index.ts")}";
const version = Function.fromName<() => Promise<string>>("cli-deploy", "version");
console.log(await version.remote());
`,
  });
  const program = spawn("sh", ["-c", `${stdout}\nexec "$NODE" program.ts`], {
    cwd: elsewhere.path,
    env: { PATH: process.env["PATH"], NODE: process.execPath, DORIAN_DATA: "/nonexistent" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  program.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(program, "close")) as [number];
  expect([code, printed]).toEqual([0, "three\n"]);
  const file = JSON.parse(await readFile(join(server.dataDirectory, "client.json"), "utf8")) as Record<
    string,
    string
  >;
  expect(stdout).not.toContain(file["workerToken"]);
});
