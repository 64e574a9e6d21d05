import { printing, runApp } from "@dorian/testkit/app-run";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { seededData } from "@dorian/testkit/seeded-data";
import type { TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let data: TemporaryDirectory;
let server: DorianProcess;

beforeAll(async () => {
  data = await seededData();
  server = await DorianProcess.start({ dataDirectory: data.path });
});

afterAll(async () => {
  await server.stop();
  expect(await leftoversOf(data.path)).toEqual([]);
  await data[Symbol.asyncDispose]();
});

test("what ignore names is not shipped, hidden files least of all, and ! brings back [A1]", async () => {
  const tree = [
    ".env",
    ".git/config",
    "keep.txt",
    "node_modules/.bin/tool",
    "node_modules/p/i.js",
    "src/.secret/key.pem",
  ];
  const ignores = [
    ["**/*"],
    ["*"],
    ["**/*.pem", "**/.git", ".env"],
    ["node_modules/**", "src"],
    ["*", "!keep.txt"],
    ["**", "!src/**/*.pem"],
  ];
  const source = `
import { App, Image } from "dorian";
import { readdirSync } from "node:fs";
${printing}
const ignores = ${JSON.stringify(ignores)};
const mounted = ignores.reduce((image, ignore, i) => image.addLocalDir("tree", "/x/" + i, { ignore }), Image.debianSlim());
const copied = Image.debianSlim().addLocalDir("tree", "/x/0", { ignore: ["**", "!src/**/*.pem"], copy: true });
export const app = new App("ignoring");
const list = () => readdirSync("/x", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => entry.parentPath.slice(3) + "/" + entry.name).sort();
export const mount = app.function({ name: "mount", image: mounted }, async () => list());
export const copy = app.function({ name: "copy", image: copied }, async () => list());
app.localEntrypoint(async () => { print(await mount.remote()); print(await copy.remote()); });
`;
  const files = Object.fromEntries(tree.map((path) => [`tree/${path}`, "x"]));
  const { printed, stdout, stderr } = await runApp(data.path, source, { files });
  expect(printed, stdout + stderr).toEqual([
    [
      "2/keep.txt",
      "2/node_modules/.bin/tool",
      "2/node_modules/p/i.js",
      "3/.env",
      "3/.git/config",
      "3/keep.txt",
      "4/keep.txt",
      "5/src/.secret/key.pem",
    ],
    ["0/src/.secret/key.pem"],
  ]);
});
