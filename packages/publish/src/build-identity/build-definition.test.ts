import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleForLocal } from "../bundle/bundle-for-local.ts";
import { buildDefinition, type BuildDefinition } from "./build-definition.ts";

const sdkUrl = import.meta.resolve("@dorian/sdk");
const printer = fileURLToPath(new URL("../../test/print-definition.ts", import.meta.url));
const run = promisify(execFile);

const app = `
import { App, Volume, build, method } from "dorian";
import { join } from "node:path";
const volume = Volume.fromName("weights");
const MODEL_NAME = "iris";
const OTHER = 1;
const unstable = { log: () => 1 };
export const app = new App("a");
function helper() { return "one"; }
@app.cls()
export class Model {
  @build() async download(this: Model): Promise<void> { helper(); join(MODEL_NAME, process.cwd()); void volume; void unstable; void Model; }
  @method() async ask() { return OTHER; }
}
`;

/** The definition of the build method of the class Model in these files, bundled as \`dorian run\` does it. */
async function definitionIn(files: Record<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-definition-"));
  await using _cleanUp = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const { path } = await bundleForLocal(join(directory, "app.ts"), {
    sdkUrl,
    directory: join(directory, "out"),
    root: directory,
  });
  // In a process of its own, because the test runner rewrites the modules that it loads, and so the text of their functions.
  const { stdout } = await run(process.execPath, [printer, pathToFileURL(path).href]);
  return JSON.parse(stdout) as BuildDefinition;
}

let unchanged: BuildDefinition;

beforeAll(async () => {
  unchanged = await definitionIn({ "app.ts": app });
});

describe("the identity of a build method", () => {
  test("holds its source and the constants that it refers to [C5]", () => {
    expect(unchanged.constants).toEqual({ MODEL_NAME: "iris", volume: ["volume", "weights"] });
    expect(unchanged.source).toContain("async download()");
  });

  test.each([
    ["static members", "static shared = 7;"],
    ["a static block", "static { void Model; }"],
    ["private members", "#a = 1; static #b = 2; #c() { return Model.#b + this.#a; }"],
    ["an accessor", "accessor count = 0;"],
  ])("holds the same constants in a class with %s [C5]", async (_what, member) => {
    const { constants, skipped } = await definitionIn({
      "app.ts": app.replace("@build()", `${member}\n  @build()`),
    });
    expect({ constants, skipped }).toEqual({ constants: unchanged.constants, skipped: unchanged.skipped });
  });

  test("names what it cannot hold [C6]", () => {
    expect(unchanged.skipped).toEqual([{ name: "unstable", reason: "it holds a function" }]);
  });

  test.each([
    ["a constant that it refers to [C7]", app.replace('"iris"', '"rose"')],
    ["its own text [C5]", app.replace("helper();", "helper(); helper();")],
    ["the volume that it refers to [C5]", app.replace('"weights"', '"others"')],
  ])("changes with %s", async (_what, changed) => {
    expect(changed).not.toBe(app);
    expect(await definitionIn({ "app.ts": changed })).not.toEqual(unchanged);
  });

  test.each([
    ["a constant that it does not refer to [C5]", app.replace("OTHER = 1", "OTHER = 2")],
    ["another method [C5]", app.replace("return OTHER", "return OTHER + 1")],
    ["a function that it calls [C6]", app.replace('return "one"', 'return "two"')],
    ["types and comments", app.replace("Promise<void> {", "Promise<undefined | void> { // comment\n")],
  ])("does not change with %s", async (_what, changed) => {
    expect(changed).not.toBe(app);
    expect(await definitionIn({ "app.ts": changed })).toEqual(unchanged);
  });

  test("does not depend on other modules that use the same names [C5]", async () => {
    const other = `import { join } from "node:path"; const MODEL_NAME = "rose"; export const other = join(MODEL_NAME, "x");`;
    const alone = await definitionIn({ "model.ts": app, "app.ts": `export * from "./model.ts";` });
    const together = await definitionIn({
      "model.ts": app,
      "other.ts": other,
      "app.ts": `import "./other.ts"; import { Model, app } from "./model.ts"; const MODEL_NAME = "lily"; console.log.name + MODEL_NAME; export { Model, app };`,
    });
    expect(together).toEqual(alone);
    expect(together.constants["MODEL_NAME"]).toBe("iris");
  });

  test("takes functions from inside other functions, but warns of what they close over", () => {
    const around = "x";
    const found = buildDefinition(() => around.length, undefined);
    expect(found.skipped.map(({ name }) => name)).toEqual(["around"]);
  });
});
