import { AppError } from "@dorian/base/app-error";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleForContainer } from "./bundle-for-container.ts";
import { container, local, project, run } from "../../test/test-project.ts";

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a local module runs with the caller's SDK, decorators, several files, assets and top-level await", async () => {
  const root = await project({
    "app.ts": `
      import { sdk } from "dorian";
      import { label } from "./lib/label.ts";
      import words from "./words.json";
      import query from "./query.sql";
      import { basename } from "node:path";
      function mark(_value: unknown, context: DecoratorContext) { console.log(context.kind, String(context.name)); }
      enum Colour { Red = "red" }
      @mark class Model { @mark size = 3; @mark call(): number { return this.size; } }
      const later = await Promise.resolve(label);
      console.log([sdk, later, words[1], query.trim(), basename("/a/b"), Colour.Red, new Model().call(), Model.name].join());`,
    "lib/label.ts": `export const label: string = "a label";`,
    "words.json": `["one", "two"]`,
    "query.sql": "select 1",
  });
  const bundle = await local(root, "app.ts");
  expect((await run(bundle.path)).stdout.split("\n")).toEqual([
    "method call",
    "field size",
    "class Model",
    "the one SDK,a label,two,select 1,b,red,3,Model",
  ]);
  expect(bundle.inputs.map((path) => path.slice(root.length + 1)).toSorted()).toEqual([
    "app.ts",
    "lib/label.ts",
    "query.sql",
    "words.json",
  ]);
});

test("an edit gives the local module another path, no edit the same", async () => {
  const root = await project({ "app.ts": "console.log(1);" });
  const first = await local(root, "app.ts");
  expect(await local(root, "app.ts")).toEqual(first);
  await writeFile(join(root, "app.ts"), "console.log(2);");
  expect((await local(root, "app.ts")).path).not.toBe(first.path);
});

test("a package that is not installed here fails where it is used, and names itself [P4]", async () => {
  const root = await project({
    "app.ts": `
      import { pipeline, env, Base } from "@huggingface/transformers";
      import onnx from "onnxruntime-node";
      import * as hub from "@huggingface/hub/dist";
      env.backends.remoteHost = "http://hub";
      class Mine extends Base {}
      const lazy = await import("left-pad");
      const attempts = [() => pipeline("x"), () => new onnx.Session(), () => hub.download(), () => lazy.default(), () => new Mine()];
      for (const attempt of attempts) try { attempt(); } catch (error) { console.log(error.packageName, error.message); }`,
  });
  const { stdout, stderr } = await run((await local(root, "app.ts")).path);
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "@huggingface/transformers",
    "onnxruntime-node",
    "@huggingface/hub",
    "left-pad",
    "@huggingface/transformers",
  ]);
  expect(lines[0]).toContain(`Cannot use pipeline of "@huggingface/transformers" here`);
  expect(lines[0]).toContain("npm install @huggingface/transformers");
});

test("an installed package is loaded from where it is installed, by import and by require", async () => {
  const root = await project({
    "app.ts": `
      import { where, format } from "both";
      import legacy from "legacy";
      import { createRequire } from "node:module";
      console.log([format, where.endsWith("/node_modules/both/index.mjs"), legacy.where.endsWith("/node_modules/legacy/index.js"),
        createRequire(import.meta.url)("node:os").EOL.length].join());`,
    "node_modules/both/package.json": `{"name":"both","exports":{"module":"./bundler.mjs","import":"./index.mjs","require":"./index.cjs"}}`,
    "node_modules/both/index.mjs": `export const format = "esm"; export const where = import.meta.filename;`,
    "node_modules/both/index.cjs": `exports.format = "cjs";`,
    "node_modules/both/bundler.mjs": `export const format = "bundler"; export const where = "";`,
    "node_modules/legacy/package.json": `{"name":"legacy","main":"index.js"}`,
    "node_modules/legacy/index.js": `module.exports = { where: __filename };`,
  });
  const { stdout, stderr } = await run((await local(root, "app.ts")).path);
  expect(stderr).toBe("");
  expect(stdout).toBe("esm,true,true,1");
});

test("each user module tells the names at its top level and reads them, packages do not [C5]", async () => {
  const root = await project({
    "app.ts": `
      import { MODEL, type Kind } from "./settings.ts";
      import * as helper from "helper";
      type Local = Kind;
      export const { a, b: [c = 4, ...rest] } = { a: 1, b: [undefined, 5, 6] };
      export default class Model {}
      function used() { return [helper, MODEL]; }
      let counter = 0;
      counter += 1;
      setTimeout(() => {
        const scopes = globalThis[Symbol.for("dorian.moduleScopes")];
        for (const scope of scopes) console.log(scope.file, scope.names.join());
        const scope = scopes.find((scope) => scope.names.includes("Model"));
        console.log(scope.get("MODEL"), scope.get("c"), scope.get("rest").join("+"), scope.get("counter"), scope.get("Model") === Model);
        try { scope.get("Kind"); } catch (error) { console.log(error.message); }
      });`,
    "settings.ts": `export interface Kind {} export const MODEL = "sdxl"; const a = "another a";`,
    "node_modules/helper/package.json": `{"name":"helper","main":"index.js"}`,
    "node_modules/helper/index.js": `exports.help = 1;`,
  });
  const { stdout, stderr } = await run((await local(root, "app.ts")).path);
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "settings.ts MODEL,a",
    "app.ts MODEL,helper,a,c,rest,Model,used,counter",
    "sdxl 4 5+6 1 true",
    "Kind is not defined",
  ]);
});

test("a container module leaves the SDK and the image's packages outside and takes the rest in", async () => {
  const root = await project({
    "app.ts": `
      import { sdk } from "dorian";
      import { snapshot } from "@huggingface/hub";
      import { deep } from "@huggingface/hub/deep";
      import { small } from "small";
      import { unknown } from "only-in-the-image";
      console.log(sdk, snapshot, deep, small, unknown);`,
    "node_modules/small/package.json": `{"name":"small","main":"index.js"}`,
    "node_modules/small/index.js": `const fs = require("fs"); exports.small = fs.existsSync(".") && __filename === "/root/node_modules/small/index.js" ? "bundled in" : "lost";`,
    "node_modules/@huggingface/hub/package.json": `{"name":"@huggingface/hub","main":"index.js"}`,
    "node_modules/@huggingface/hub/index.js": `exports.snapshot = "the local version";`,
  });
  const bundle = await container(root, "app.ts", ["@huggingface/hub"]);
  expect(bundle.fileName).toBe("app.mjs");
  expect(bundle.code).not.toContain("the local version");
  const image = await project({
    "app.mjs": bundle.code,
    "node_modules/@huggingface/hub/package.json": `{"name":"@huggingface/hub","exports":{".":"./index.js","./deep":"./deep.js"},"type":"module"}`,
    "node_modules/@huggingface/hub/index.js": `export const snapshot = "the image's version";`,
    "node_modules/@huggingface/hub/deep.js": `export const deep = "deep";`,
    "node_modules/only-in-the-image/index.js": `exports.unknown = "found there";`,
  });
  const { stdout, stderr } = await run(join(image, "app.mjs"));
  expect(stderr).toBe("");
  expect(stdout).toBe("the one SDK the image's version deep bundled in found there");
});

test("source maps lead to the user's file: by its relative path in containers, by its real one here", async () => {
  const root = await project({
    "app.ts": `import { fail } from "./src/fail.ts";\nfail({ depth: 1 });\n`,
    "src/fail.ts": `interface Options { depth: number }\n\nexport function fail(options: Options): never {\n  throw new Error("at " + options.depth);\n}\n`,
  });
  const { code } = await container(root, "app.ts");
  await writeFile(join(root, "app.mjs"), code);
  const { stderr } = await run(join(root, "app.mjs"), "--enable-source-maps");
  expect(stderr).toContain(`at fail (${root}/src/fail.ts:4:9)`);
  expect(stderr).toContain(`${root}/app.ts:2:1`);
  const here = await run((await local(root, "app.ts")).path, "--enable-source-maps");
  expect(here.stderr).toContain(`at fail (${root}/src/fail.ts:4:9)`);
});

test("the same sources give the same container module, wherever they lie", async () => {
  const files = { "app.ts": `import "./b.ts"; console.log("a");`, "b.ts": `console.log("b");` };
  const [first, second] = [await project(files), await project(files)];
  const sdkUrl = "file:///usr/lib/dorian/guest.mjs";
  const one = await bundleForContainer("app.ts", { root: first, sdkUrl, externalPackages: [] });
  const two = await bundleForContainer("app.ts", { root: second, sdkUrl, externalPackages: [] });
  expect(one.code).toBe(two.code);
});

test("a mistake in the source is shown with file, line and the line itself", async () => {
  const root = await project({
    "app.ts": `import "./broken.ts";`,
    "broken.ts": `const a = 1;\nconst b = = 2;\n`,
  });
  for (const error of [await rejection(local(root, "app.ts")), await rejection(container(root, "app.ts"))]) {
    expect(AppError.is(error) && error.code).toBe("BUNDLE_FAILED");
    expect((error as Error).message).toContain(
      [`broken.ts:2:11: Unexpected "="`, `  2 | const b = = 2;`, `    |           ^`].join("\n"),
    );
  }
});

test("a file that is not there, an entry that is not there, and native code each get a clear error", async () => {
  const root = await project({
    "app.ts": `import { x } from "./nowhere.ts"; console.log(x);`,
    "native.ts": `import { y } from "native"; console.log(y);`,
    "node_modules/native/package.json": `{"name":"native","main":"index.js"}`,
    "node_modules/native/index.js": `module.exports = require("./build/binding.node");`,
    "node_modules/native/build/binding.node": "",
  });
  const messageOf = async (promise: Promise<unknown>) => ((await rejection(promise)) as Error).message;
  expect(await messageOf(container(root, "app.ts"))).toContain(
    `app.ts:1:19: Could not resolve "./nowhere.ts"`,
  );
  expect(await messageOf(local(root, "absent.ts"))).toContain("absent.ts");
  const native = await messageOf(container(root, "native.ts"));
  expect(native).toContain(`"native" has native code`);
  expect(native).toContain(`.npmInstall("native")`);
  expect((await container(root, "native.ts", ["native"])).code).toContain(`from "native"`);
});
