import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { container, local, project, run } from "../../test/test-project.ts";

const beside = async (files: Record<string, string>) => {
  const bundle = await container(await project(files), "app.ts");
  return bundle.beside.map((file) => ("content" in file ? `${file.path} (code)` : file.path)).toSorted();
};

test("what a module names beside itself goes with it, code bundled; what only images get does not [A7]", async () => {
  expect(
    await beside({
      "app.ts": `
        import { Image } from "dorian";
        import { join } from "node:path";
        import "./lib/deep.ts";
        import addon from "./lib/addon.node";
        Image.x().addLocalFile(new URL("./only-in-image.bin", import.meta.url), "/x").addLocalDir(join(import.meta.dirname, "only-in-image.bin"), "/y");
        console.log(addon, new URL("./worker.ts?x=1", import.meta.url), join(import.meta.dirname, "lib", "b.txt"), new URL("./absent.txt", import.meta.url),
          new URL("./lib/", import.meta.url), new URL("https://a.example/x", import.meta.url), new URL(\`./plain.txt\`, import.meta.url));`,
      "worker.ts": `new Worker(new URL("./lib/second.mts", import.meta.url));`,
      "lib/deep.ts": `console.log(new URL("../root.txt", import.meta.url));`,
      "lib/second.mts": `console.log(new URL("./b.txt", import.meta.url));`,
      ...Object.fromEntries(
        ["lib/addon.node", "only-in-image.bin", "lib/b.txt", "root.txt", "plain.txt"].map((name) => [
          name,
          name,
        ]),
      ),
    }),
  ).toEqual([
    "/root/lib/addon.node",
    "/root/lib/b.txt",
    "/root/lib/second.mts.mjs (code)",
    "/root/plain.txt",
    "/root/root.txt",
    "/root/worker.ts.mjs (code)",
  ]);
});

test("files above the app's directory stay out of what belongs to the image [A7]", async () => {
  const root = await project({
    "apps/one/app.ts": `import "../../shared/lib.ts"; console.log(new URL("../../shared/x.txt", import.meta.url).href);`,
    "shared/lib.ts": `import { readFileSync } from "node:fs"; console.log(new URL("./x.txt", import.meta.url).href, import.meta.filename);`,
    "shared/x.txt": "x",
  });
  const { code, beside } = await container(root, "apps/one/app.ts");
  expect(beside.map(({ path }) => path)).toEqual(["/root/__above__/__above__/shared/x.txt"]);
  await mkdir(join(root, "out"));
  await writeFile(join(root, "out/app.mjs"), code);
  expect((await run(join(root, "out/app.mjs"))).stdout.split("\n")).toEqual([
    "file:///root/__above__/__above__/shared/x.txt /root/__above__/__above__/shared/lib.ts",
    "file:///root/__above__/__above__/shared/x.txt",
  ]);
});

test("a bundled package that reads files of its own gets them, and has its own place [A7]", async () => {
  const root = await project({
    "app.ts": `import { where } from "reader"; console.log(where);`,
    "node_modules/reader/package.json": `{"name":"reader","main":"index.js"}`,
    "node_modules/reader/index.js": `const { join } = require("path"); exports.where = [__dirname, join(__dirname, "data.bin"), typeof require.resolve];`,
    "node_modules/reader/data.bin": "data",
  });
  const { code, beside } = await container(root, "app.ts");
  expect(beside.map(({ path }) => path)).toEqual(["/root/node_modules/reader/data.bin"]);
  await writeFile(join(root, "app.mjs"), code);
  const { stdout, stderr } = await run(join(root, "app.mjs"));
  expect(stderr).toBe("");
  expect(stdout).toContain(
    "'/root/node_modules/reader', '/root/node_modules/reader/data.bin'".replace(", ", ",\n  "),
  );
});

test("modules of either kind are told their place, and names of their own are theirs [A7]", async () => {
  const root = await project({
    "app.ts": `
      import { answer } from "./legacy.cjs";
      import { createRequire } from "node:module";
      const load = createRequire(import.meta.url);
      const { url, dirname } = import.meta;
      function inner(__dirname: string, require: (name: string) => string) { return __dirname + require("./legacy.cjs"); }
      console.log(JSON.stringify([url, dirname, answer, inner("own", (name) => name), load("./words.json").one, load.resolve("./words.json"), typeof require, import.meta.resolve("esbuild-like")]));`,
    "legacy.cjs": `#!/usr/bin/env node
"use strict";
exports.answer = [__filename, require("./words.json").one, require.resolve("./words.json"), require.main === module, (function () { return this; })() === undefined];`,
    "words.json": `{"one":1}`,
    "node_modules/esbuild-like/package.json": `{"name":"esbuild-like","type":"module","exports":{"import":"./only.js"}}`,
    "node_modules/esbuild-like/only.js": "",
  });
  const { stdout, stderr } = await run((await local(root, "app.ts")).path);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([
    `file://${root}/app.ts`,
    root,
    [`${root}/legacy.cjs`, 1, `${root}/words.json`, false, true],
    "own./legacy.cjs",
    1,
    `${root}/words.json`,
    "function",
    `file://${root}/node_modules/esbuild-like/only.js`,
  ]);
});
