import { createWhiteout, isOpaque, setOpaque } from "@dorian/linux/overlay-marks";
import { setFileTimes } from "@dorian/linux/file-times";
import { fileName } from "@dorian/base/file-name";
import { mkdir as makeDirectory, readEntriesOf } from "@dorian/linux/tree-calls";
import { smallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { chmod, chown, link, lstat, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureTree, TreeCopier } from "./copy-tree.ts";

const odd = fileName(Buffer.from([0x66, 0xff, 0x67]));
const { signal } = new AbortController();

async function layerIn(path: string): Promise<string> {
  const root = join(path, "layer");
  await mkdir(join(root, "opt/empty"), { recursive: true });
  await writeFile(join(root, "opt/tool"), "tool");
  await chown(join(root, "opt/tool"), 1234, 5678);
  await chmod(join(root, "opt/tool"), 0o4755);
  setFileTimes(join(root, "opt/tool"), { atimeNs: 1n, mtimeNs: 1_700_000_000_123_456_789n });
  await link(join(root, "opt/tool"), join(root, "opt/same"));
  await symlink("nowhere", join(root, "opt/link"));
  createWhiteout(join(root, "gone"));
  setOpaque(join(root, "opt/empty"));
  await makeDirectory(join(root, odd));
  await chmod(join(root, "opt"), 0o1777);
  setFileTimes(join(root, "opt"), { atimeNs: 1n, mtimeNs: 1_600_000_000_000_000_001n });
  return root;
}

async function expectSame(source: string, copy: string): Promise<void> {
  for (const name of ["", "opt", "opt/tool", "opt/same", "opt/link", "gone"]) {
    const [from, to] = await Promise.all(
      [source, copy].map((root) => lstat(join(root, name), { bigint: true })),
    );
    expect([name, to?.mode, to?.uid, to?.gid, to?.rdev, to?.mtimeNs]).toEqual([
      name,
      from?.mode,
      from?.uid,
      from?.gid,
      from?.rdev,
      from?.mtimeNs,
    ]);
  }
  expect(isOpaque(join(copy, "opt/empty"))).toBe(true);
  expect((await readEntriesOf(copy)).map(({ name }) => name)).toContain(odd);
  expect(await readFile(join(copy, "opt/tool"), "utf8")).toBe("tool");
  expect(await measureTree(copy)).toEqual(await measureTree(source));
}

const inode = async (path: string) => (await lstat(path)).ino;

test("a copy on the same file system has the same files under other names", async () => {
  await using place = await temporaryDirectory();
  const source = await layerIn(place.path);
  const copy = join(place.path, "copy");
  await new TreeCopier({ signal, onBytes: () => undefined }).copy(source, copy);
  await expectSame(source, copy);
  expect(await inode(join(copy, "opt/tool"))).toBe(await inode(join(source, "opt/tool")));
});

test("a copy on another file system is like it in all that can be seen, and has what several names have once", async () => {
  await using place = await temporaryDirectory();
  await using disk = await smallDisk({ mebibytes: 32 });
  const source = await layerIn(place.path);
  const other = join(place.path, "other");
  await mkdir(other);
  await link(join(source, "opt/tool"), join(other, "shared"));
  const bytes: number[] = [];
  const copier = new TreeCopier({ signal, onBytes: (each) => bytes.push(each) });
  const [copy, moved, second] = ["copy", "moved", "second"].map((name) => join(disk.path, name));
  const done = await copier.copy(source, copy ?? "");
  await rename(copy ?? "", moved ?? "");
  done.movedTo(moved ?? "");
  await expectSame(source, moved ?? "");
  expect(await inode(join(moved ?? "", "opt/same"))).toBe(await inode(join(moved ?? "", "opt/tool")));
  await copier.copy(other, second ?? "");
  expect(await inode(join(second ?? "", "shared"))).toBe(await inode(join(moved ?? "", "opt/tool")));
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBe(12);
  // Another run is told what the first one has copied.
  const later = new TreeCopier({ signal, onBytes: () => undefined });
  await later.know(source, moved ?? "");
  await later.copy(other, join(disk.path, "third"));
  expect(await inode(join(disk.path, "third/shared"))).toBe(await inode(join(moved ?? "", "opt/tool")));
});
