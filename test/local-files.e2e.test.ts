import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { printing, runApp } from "@dorian/testkit/app-run";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

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
  const { printed, stdout, stderr } = await runApp(server.dataDirectory, source, { files });
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

test("a local directory with odd things in it is shipped without them, and with its empty directories [A14]", async () => {
  const source = `
import { App, Image } from "dorian";
import { execFileSync } from "node:child_process";
${printing}
export const app = new App("odd-tree");
const list = () => execFileSync("find", ["/x", "-mindepth", "1", "-printf", "%y %m %P\\n"]).toString().trim().split("\\n").sort();
export const mounted = app.function({ name: "mounted", image: Image.debianSlim().addLocalDir("tree", "/x") }, async () => list());
export const copied = app.function({ name: "copied", image: Image.debianSlim().addLocalDir("tree", "/x", { copy: true }) }, async () => list());
app.localEntrypoint(async () => { print(await mounted.remote()); print(await copied.remote()); });
`;
  await using project = await temporaryDirectory({ "app.ts": source, "tree/bin/run": "echo" });
  const at = (name: string) => join(project.path, "tree", name);
  await chmod(at("bin/run"), 0o755);
  await mkdir(at("empty/below"), { recursive: true });
  await chmod(at("empty/below"), 0o750);
  await symlink("/nowhere", at(".#lock"));
  await symlink("bin", at("linked"));
  await writeFile(Buffer.concat([Buffer.from(at("caf")), Buffer.from([0xe9])]), "b");
  const { stdout, stderr } = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  const printed = stdout.split("\n").filter((line) => line.startsWith("> "));
  const expected = [
    "d 750 empty/below",
    "d 755 bin",
    "d 755 empty",
    "d 755 linked",
    "f 755 bin/run",
    "f 755 linked/run",
  ];
  expect(
    printed.map((line) => JSON.parse(line.slice(2)) as unknown),
    stdout + stderr,
  ).toEqual([expected, expected]);
  const warning = 'tree": ".#lock" (a link that leads nowhere), "caf\\xe9" (its name is not UTF-8).';
  expect(stderr.split(warning)).toHaveLength(2);
  const volume = (...args: string[]) =>
    dorian(server.dataDirectory, ["volume", ...args], { cwd: project.path });
  await volume("create", "odd-tree");
  const put = await volume("put", "odd-tree", "tree");
  expect(put.stderr).toContain("Uploaded 2 files of 'tree'");
  expect(put.stderr).toContain(`left out of "${warning}`);
});
