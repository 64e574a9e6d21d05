import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeDeep, temporaryDirectory } from "../test/deep-tree.ts";
import { bindMount, unmount } from "./mount.ts";
import { walkTree } from "./walk-tree.ts";

async function pathsIn(root: string): Promise<string[]> {
  const paths: string[] = [];
  await walkTree(root, { concurrency: 4 }, async (entry) => {
    // Usable while the visit lasts, however long that is.
    await new Promise((resolve) => setImmediate(resolve));
    await lstat(entry.at);
    paths.push(`${entry.kind} ${entry.path().toString("latin1")}`);
  });
  return paths.toSorted();
}

test("every entry is visited once, links not followed, whatever the names", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "a/b"), { recursive: true });
  await writeFile(join(root, "a/b/file"), "");
  await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff])]), "");
  await symlink("/", join(root, "link"));
  expect(await pathsIn(root)).toEqual([
    "directory a",
    "directory a/b",
    "file a/b/file",
    "file a/\u00ff",
    "link link",
  ]);
});

test("a tree is walked at any depth, with few descriptors [B2]", async () => {
  const root = await temporaryDirectory();
  await makeDeep(root, 3_000, "deep");
  await makeDeep(root, 40, "d".repeat(200));
  let deepest = 0;
  let entries = 0;
  let most = 0;
  await walkTree(root, { concurrency: 4 }, async (entry) => {
    entries += 1;
    deepest = Math.max(deepest, entry.pathBytes);
    if (entries % 500 === 0) most = Math.max(most, (await readdir("/proc/self/fd")).length);
  });
  expect(entries).toBe(3_000 + 40 + 2);
  expect(deepest).toBe(3_000 * 5 + 4);
  expect(most).toBeLessThan(200);
});

test("a mount is passed by", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "point"));
  bindMount("/proc", join(root, "point"));
  onTestFinished(() => void unmount(join(root, "point")));
  expect(await pathsIn(root)).toEqual(["directory point"]);
  unmount(join(root, "point"));
});

test("while another process swaps directories for links, nothing outside is visited [B3]", async () => {
  const root = await temporaryDirectory();
  const [tree, canary] = [join(root, "tree"), join(root, "canary")];
  await mkdir(canary);
  await writeFile(join(canary, "secret"), "");
  for (let index = 0; index < 50; index++) await mkdir(join(tree, String(index), "a"), { recursive: true });
  const swapper = spawn("python3", ["-c", swap, tree, canary], { stdio: ["ignore", "pipe", "inherit"] });
  await once(swapper.stdout, "data");
  const seen = new Set<string>();
  for (let round = 0; round < 40; round++) {
    await walkTree(tree, { concurrency: 16 }, async (entry) => void seen.add(entry.name.toString()));
  }
  swapper.kill("SIGKILL");
  await once(swapper, "exit");
  expect(seen).toContain("a");
  expect(seen).not.toContain("secret");
});

const swap = `
import os, sys
tree, canary = sys.argv[1:]
print("go", flush=True)
while True:
    for i in range(50):
        d = f"{tree}/{i}"
        os.rename(d, d + ".away"); os.symlink(canary, d)
        os.unlink(d); os.rename(d + ".away", d)
`;

test("the first failed visit ends the walk and is thrown, and nothing is left open", async () => {
  const root = await temporaryDirectory();
  for (let index = 0; index < 100; index++) await mkdir(join(root, String(index)));
  const before = (await readdir("/proc/self/fd")).length;
  let visits = 0;
  const walk = walkTree(root, { concurrency: 2 }, async () => {
    visits += 1;
    throw new Error("no");
  });
  await expect(walk).rejects.toThrow("no");
  expect(visits).toBeLessThan(10);
  expect((await readdir("/proc/self/fd")).length).toBe(before);
});
