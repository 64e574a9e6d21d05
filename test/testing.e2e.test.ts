import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

/** An app that asks for what is easily different, and says what it was answered. */
const app = `
import { readFile, writeFile } from "node:fs/promises";
import {
  App, Cls, Dict, Function, Queue, Secret, Volume,
  currentInputId, currentTaskId, enter, exit, method, parameter,
} from "dorian";

const files = Volume.fromName("contract-files", { createIfMissing: true });
export const app = new App("contract", { secrets: [Secret.fromObject({ FROM_APP: "app" })] });

class Unpaid extends RangeError {
  override name = "Unpaid";
  amount = 7;
}

const echo = app.function({ name: "echo" }, async (...values: unknown[]) => values);
const fail = app.function({ name: "fail" }, async () => {
  throw new Unpaid("not paid", { cause: new AggregateError([new TypeError("no card")], "no way") });
});
const slow = app.function({ name: "slow", timeout: 1 }, async () => await new Promise(() => {}));
const flaky = app.function({ name: "flaky", retries: { maxRetries: 2, initialDelay: 0.1 } }, async (key: string) => {
  const tries = Dict.fromName<string, number>("contract-tries", { createIfMissing: true });
  const count = ((await tries.get(key)) ?? 0) + 1;
  await tries.set(key, count);
  if (count < 3) throw new Error("try " + count);
  return count;
});
const count = app.function({ name: "count" }, async function* (limit: number) {
  for (let number = 0; number < limit; number++) yield number;
  throw new Error("no more");
});
const variables = app.function(
  { name: "variables", env: { OWN: "own" }, secrets: [Secret.fromObject({ FROM_FUNCTION: "function" })] },
  async () => ["OWN", "FROM_APP", "FROM_FUNCTION", "FROM_CALLER"].map((name) => process.env[name] ?? null),
);
const write = app.function({ name: "write", volumes: { "/vol/out": files } }, async (text: string) => {
  await writeFile("/vol/out/note", text);
});
const read = app.function({ name: "read", volumes: { "/vol/in": files } }, async () => {
  await files.reload();
  return await readFile("/vol/in/note", "utf8");
});
const outer = app.function({ name: "outer" }, async (x: number) => {
  const inner = await Function.fromName("contract", "echo").remote(x, typeof currentInputId(), currentTaskId()?.slice(0, 3));
  const queue = Queue.fromName<number>("contract-queue", { createIfMissing: true });
  await queue.putMany([x, x + 1]);
  return [inner, await queue.get(), await queue.getMany(5)];
});

@app.cls()
export class Counter {
  @parameter() start = 0;
  @parameter({ type: "bytes" }) salt = new Uint8Array([1]);
  #events: string[] = [];
  @enter() async open() { this.#events.push("open " + this.start); }
  @method() async next(by = 1) { this.#events.push("next"); return (this.start += by); }
  @method() async *events() { yield* this.#events; }
  @method() async broken(): Promise<number> { return this.missing(); }
  missing(): number { throw new SyntaxError("of " + this.start); }
  @exit() async close() {}
}

const outcomes: unknown[] = [];
async function outcome(ask: () => unknown) {
  try {
    outcomes.push(await ask());
  } catch (error) {
    const said = (each: any): unknown => each instanceof Error
      ? { class: each.constructor.name, name: each.name, message: each.message, ...each, remoteStack: undefined, cause: said(each.cause), errors: (each as any).errors?.map(said) }
      : each;
    outcomes.push(said(error));
  }
}
async function all(items: AsyncIterable<unknown>) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

app.localEntrypoint(async () => {
  process.env.FROM_CALLER = "caller";
  await outcome(() => echo.remote(1, "two", [3n], { four: undefined, five: new Date(5) }, new Set([6]), new Float32Array([7.5])));
  await outcome(() => echo.remote(() => 1));
  await outcome(() => fail.remote());
  await outcome(() => slow.remote());
  await outcome(() => flaky.remote("a"));
  await outcome(() => all(count.remote(3)));
  await outcome(() => all(count.map([1])));
  await outcome(() => variables.remote());
  await outcome(() => write.remote("noted"));
  await outcome(() => read.remote());
  await outcome(() => outer.remote(10));
  await outcome(() => all(echo.starmap([[1, 2], [3]])));
  await outcome(() => all(fail.map([], { returnExceptions: true })));
  await outcome(() => files.commit());
  await outcome(() => files.batchUpload((batch) => batch.putFile(Buffer.from("from outside"), "/a/b"), { force: true }));
  await outcome(() => files.batchUpload((batch) => batch.putFile(Buffer.from("again"), "/a/b")));
  await outcome(async () => (await all(files.listFiles("/", { recursive: true }))).map(({ path, type, size }: any) => [path, type, type === "file" && size]).toSorted());
  await outcome(async () => Buffer.from(await files.readFile("a/b")).toString());
  await outcome(() => files.removeFile("/a"));
  await outcome(() => files.removeFile("/none"));
  const counter = app.instance(Counter, { start: 5 });
  await outcome(() => counter.next.remote());
  await outcome(() => counter.next.remote(10));
  await outcome(() => all(counter.events.remote()));
  await outcome(() => Cls.fromName<typeof Counter>("contract", "Counter").instance({ start: 30 }).next.remote(0));
  await outcome(() => app.instance(Counter).next.remote());
  await outcome(() => counter.broken.remote());
  await outcome(() => (counter as any).missing.remote());
  console.log("outcomes " + JSON.stringify(outcomes, (_, value) => (typeof value === "bigint" ? String(value) : value)));
});
`;

const files = {
  "package.json": JSON.stringify({ private: true, type: "module" }),
  "app.ts": app,
  "in-process.ts": `
import { runInProcess } from "dorian/testing";
import { app } from "./app.ts";
await using run = await runInProcess(app);
await run.localEntrypoint();`,
  "vitest.config.ts": `
import { defineConfig } from "vitest/config";
import { decorators } from "dorian/testing/vite";
export default defineConfig({ plugins: [decorators()] });`,
  "app.test.ts": `
import { expect, test } from "vitest";
import { runInProcess } from "dorian/testing";
import { Counter, app } from "./app.ts";
test("counts", async () => {
  await using _ = await runInProcess(app);
  expect(await app.instance(Counter, { start: 41 }).next.remote()).toBe(42);
});`,
};

let server: RunningServer;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer();
  project = await temporaryDirectory(files);
  await symlink(join(checkout, "node_modules"), join(project.path, "node_modules"));
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

test("an app gives the same in the process of its tests as in containers", async () => {
  // What it is looked up by names the app that is deployed, and what a first try left behind is of no account.
  const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  expect(deployed.code, deployed.stderr).toBe(0);
  await dorian(server.dataDirectory, ["dict", "delete", "contract-tries", "--yes"]);
  const there = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  const register = import.meta.resolve("dorian/testing/register");
  const node = [process.execPath, "--import", register, "in-process.ts"];
  const here = await runCommand(node, { cwd: project.path });
  const [outcomesThere, outcomesHere] = [there, here].map(outcomesIn);
  expect(outcomesHere).toHaveLength(27);
  expect(outcomesHere).toEqual(outcomesThere);
});

test("Vitest runs an app's tests with the plugin for its decorators", async () => {
  const vitest = join(checkout, "node_modules/vitest/vitest.mjs");
  const run = await runCommand([process.execPath, vitest, "run"], { cwd: project.path });
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stdout).toContain("1 passed");
});

function outcomesIn({ stdout, stderr }: { stdout: string; stderr: string }): unknown[] {
  const [, found] = /^.*outcomes (\[.*)$/m.exec(stdout) ?? [];
  return JSON.parse(
    found ?? `["nothing was printed: ${JSON.stringify(stdout + stderr).slice(1, -1)}"]`,
  ) as unknown[];
}
