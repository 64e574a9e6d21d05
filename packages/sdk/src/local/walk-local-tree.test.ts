import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";
import { IgnorePatterns } from "./ignore-patterns.ts";
import { leftOutWarning } from "./left-out.ts";
import { type LeftOut, walkLocalTree } from "./walk-local-tree.ts";

async function walked(root: string, ignore: string[] = []) {
  const leftOut: LeftOut[] = [];
  const entries: string[] = [];
  const walk = walkLocalTree(root, {
    ignore: new IgnorePatterns(ignore),
    onLeftOut: (entry) => leftOut.push(entry),
  });
  for await (const { kind, inside } of walk) entries.push(kind === "file" ? inside : `${inside}/`);
  return { entries, leftOut };
}

test("what cannot be taken along is left out with its reason, and the rest is there [A14]", async () => {
  await using root = await temporaryDirectory({
    "real/file": "x",
    "bin/run": "y",
    "é ü#?%&.txt": "u",
    "new\nline": "n",
  });
  const at = (name: string) => join(root.path, name);
  await mkdir(at("empty"));
  await symlink("real", at("linked"));
  await symlink("/nowhere", at(".#lock"));
  await symlink("self", at("self"));
  execFileSync("mkfifo", [at("pipe")]);
  await writeFile(Buffer.concat([Buffer.from(at("caf")), Buffer.from([0xe9])]), "b");
  const socket = createServer().listen(at("sock"));
  onTestFinished(() => void socket.close());
  const { entries, leftOut } = await walked(root.path);
  expect(entries).toEqual(["bin/run", "empty/", "linked/file", "new\nline", "real/file", "é ü#?%&.txt"]);
  expect(leftOut).toEqual([
    { path: at(".#lock"), why: "a link that leads nowhere" },
    { path: at("caf\\xe9"), why: "its name is not UTF-8" },
    { path: at("pipe"), why: "a pipe" },
    { path: at("self"), why: "a link that leads in circles" },
    { path: at("sock"), why: "a socket" },
  ]);
  expect(leftOutWarning(root.path, leftOut.slice(0, 2))).toBe(
    `left out of "${root.path}": ".#lock" (a link that leads nowhere), "caf\\xe9" (its name is not UTF-8).`,
  );
  const ignored = await walked(root.path, [".#*", "caf*", "pipe", "s*", "empty", "real/*"]);
  expect(ignored.leftOut).toEqual([]);
  expect(ignored.entries).toEqual(["bin/run", "linked/file", "new\nline", "real/", "é ü#?%&.txt"]);
});

test("a link to a directory that it lies in is refused, and what is ignored is not even looked at", async () => {
  await using root = await temporaryDirectory({ "a/file": "x", "b/file": "y" });
  await symlink("..", join(root.path, "a/up"));
  await expect(walked(root.path)).rejects.toMatchObject({ code: "LOCAL_LINK_CYCLE" });
  expect((await walked(root.path, ["**/up"])).entries).toEqual(["a/file", "b/file"]);
});

test("a long list of what was left out is counted, and an empty one is no warning", () => {
  const many = Array.from({ length: 9 }, (_, index) => ({ path: `d/p${index}`, why: "a pipe" }));
  expect(leftOutWarning("d", many)).toContain('"p4" (a pipe) and 4 more.');
  expect(leftOutWarning("d", [])).toBeUndefined();
});
