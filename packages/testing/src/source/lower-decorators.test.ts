import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { decorators } from "../vite.ts";

const app = `
import { App, enter, method, parameter } from "${import.meta.resolve("@dorian/sdk")}";
export const app = new App("decorated");
@app.cls({ scaledownWindow: 60 })
export class Adder {
  #entered = false;
  @parameter() to = 1;
  @enter() async load() { this.#entered = true; }
  @method() async add(x: number): Promise<number> { return this.#entered ? this.to + x : NaN; }
}
`;

const appTest = `
import test from "node:test";
import assert from "node:assert/strict";
import { runInProcess } from "${import.meta.resolve("../index.ts")}";
import { app, Adder } from "./app.js";
test("adds", async () => {
  await using _ = await runInProcess(app);
  assert.equal(await app.instance(Adder, { to: 4 }).add.remote(5), 9);
});
`;

test("Node's own test runner runs an app whose classes are decorated, imported as TypeScript or as JavaScript", async () => {
  await using project = await temporaryDirectory({ "app.ts": app, "app.test.ts": appTest });
  const register = fileURLToPath(new URL("../register.ts", import.meta.url));
  const run = promisify(execFile)(process.execPath, ["--import", register, "--test"], {
    cwd: project.path,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  expect(stdout).toMatch(/pass 1\n.*fail 0/);
});

test("Vite's plugin compiles files with decorators, and leaves all others as they are", () => {
  const plugin = decorators();
  expect(plugin.transform(app, "/project/app.ts?v=1")?.code).toContain("class");
  expect(plugin.transform(app, "/project/app.ts")?.code).not.toMatch(/^ *@/m);
  expect(plugin.transform("export const x: number = 1;", "/project/x.ts")).toBeUndefined();
  expect(plugin.transform(app, "/project/node_modules/lib/app.ts")).toBeUndefined();
  expect(plugin.transform(app, "\0virtual:app.ts")).toBeUndefined();
  expect(plugin.transform("@media print {}", "/project/page.css")).toBeUndefined();
});
