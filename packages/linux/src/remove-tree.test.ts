import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, symlink, writeFile, lstat } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeDeep, temporaryDirectory } from "../test/deep-tree.ts";
import { libc } from "./libc.ts";
import { bindMount, unmount } from "./mount.ts";
import { createWhiteout } from "./overlay-marks.ts";
import { removeTree } from "./remove-tree.ts";

test("a tree is removed at any depth, be its path longer than the kernel takes [B2]", async () => {
  const root = await temporaryDirectory();
  for (const [levels, name] of [
    [40, "d".repeat(200)],
    [5_000, "x"],
  ] as const) {
    await mkdir(join(root, "tree"));
    await makeDeep(join(root, "tree"), levels, name);
    await removeTree(join(root, "tree"));
    expect(await readdir(root)).toEqual([]);
  }
});

test("names that are no text, devices, FIFOs, sockets, links and closed directories are removed [B2]", async () => {
  const root = await temporaryDirectory();
  const tree = join(root, "tree");
  await mkdir(join(tree, "closed", "inner"), { recursive: true });
  await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe, 0x0a])]), "");
  await mkdir(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfd])]));
  createWhiteout(join(tree, "whiteout"));
  libc.mknod(join(tree, "fifo"), 0o010600, 0);
  libc.mknod(join(tree, "socket"), 0o140600, 0);
  libc.mknod(join(tree, "zero"), 0o020600, 0x105);
  await writeFile(join(root, "outside"), "untouched");
  await mkdir(join(root, "outer"));
  await writeFile(join(root, "outer", "file"), "untouched");
  await symlink(join(root, "outside"), join(tree, "link"));
  await symlink("../outer", join(tree, "closed", "inner", "directory-link"));
  await chmod(join(tree, "closed"), 0);

  await removeTree(tree);
  expect((await readdir(root)).toSorted()).toEqual(["outer", "outside"]);
  expect(await readdir(join(root, "outer"))).toEqual(["file"]);
  await removeTree(tree);
});

test("what is marked immutable or append only is removed, too [B2]", async (context) => {
  const root = await temporaryDirectory();
  const tree = join(root, "tree");
  await mkdir(join(tree, "inner"), { recursive: true });
  await writeFile(join(tree, "inner", "file"), "");
  await writeFile(join(tree, "log"), "");
  const marked = await ends("chattr", ["+i", join(tree, "inner", "file"), join(tree, "inner")]);
  if (marked !== 0) context.skip("the file system has no such marks");
  await ends("chattr", ["+a", join(tree, "log"), tree]);
  await removeTree(tree);
  expect(await readdir(root)).toEqual([]);
});

test("a mount in a tree is not entered, and the tree is said not to be removed", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "tree", "point"), { recursive: true });
  await mkdir(join(root, "host"));
  await writeFile(join(root, "host", "file"), "untouched");
  bindMount(join(root, "host"), join(root, "tree", "point"));
  onTestFinished(() => void unmount(join(root, "tree", "point")));
  await expect(removeTree(join(root, "tree"))).rejects.toMatchObject({ code: "TREE_NOT_REMOVED" });
  expect(await readFile(join(root, "host", "file"), "utf8")).toBe("untouched");
  unmount(join(root, "tree", "point"));
});

test("while another process swaps directories for links, nothing outside is removed [B3]", async () => {
  const root = await temporaryDirectory();
  const canary = join(root, "canary");
  for (const name of ["a", "b", "c"]) {
    await mkdir(join(canary, name), { recursive: true });
    await writeFile(join(canary, name, "file"), "untouched");
  }
  for (let round = 0; round < 8; round++) {
    const tree = join(root, `tree-${round}`);
    for (let index = 0; index < 30; index++) {
      await mkdir(join(tree, String(index), "a", "b"), { recursive: true });
      await writeFile(join(tree, String(index), "a", "file"), "");
    }
    const swapper = spawn("python3", ["-c", swap, tree, canary], { stdio: ["ignore", "pipe", "inherit"] });
    await once(swapper.stdout, "data");
    // Whoever goes on writing may win the last word; only what is outside counts here.
    await removeTree(tree).catch(() => undefined);
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
    await removeTree(tree);
    await expect(lstat(tree)).rejects.toMatchObject({ code: "ENOENT" });
  }
  for (const name of ["a", "b", "c"]) expect(await readdir(join(canary, name))).toEqual(["file"]);
});

const swap = `
import os, sys
tree, canary = sys.argv[1:]
print("go", flush=True)
n = 0
while True:
    for i in range(30):
        for inner in ("a", "a/b"):
            d = f"{tree}/{i}/{inner}"
            try:
                os.symlink(canary, d + ".link"); n += 1
                os.rename(d, f"{d}.{n}"); os.rename(d + ".link", d)
            except OSError: pass
            try: os.unlink(d); os.rename(f"{d}.{n}", d)
            except OSError: pass
`;

async function ends(command: string, args: string[]): Promise<number | null> {
  const child = spawn(command, args, { stdio: "ignore" });
  const [code] = await Promise.race([once(child, "exit"), once(child, "error").then(() => [127])]);
  return code as number | null;
}
