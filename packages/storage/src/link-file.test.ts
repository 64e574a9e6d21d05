import { chmod, link, lstat, mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { linkFile } from "./link-file.ts";

test("links a symbolic link itself, whether it leads somewhere or not", async () => {
  await using storage = await TemporaryStorage.open();
  const [from, to] = [join(storage.directory, "from"), join(storage.directory, "to")];
  await symlink("nowhere", from);
  await linkFile(from, to);
  expect(await readlink(to)).toBe("nowhere");
  expect((await lstat(to)).ino).toBe((await lstat(from)).ino);
});

test("a file with as many names as can be is copied, with all that belongs to it", async () => {
  await using storage = await TemporaryStorage.open();
  const from = join(storage.directory, "from");
  await writeFile(from, "");
  await chmod(from, 0o640);
  await mkdir(join(storage.directory, "names"));
  const most = await exhaustLinks(from, join(storage.directory, "names"));
  await linkFile(from, join(storage.directory, "to"));
  const [original, copy] = [
    await lstat(from, { bigint: true }),
    await lstat(join(storage.directory, "to"), { bigint: true }),
  ];
  expect([original.nlink, copy.nlink]).toEqual(most ? [BigInt(most), 1n] : [copy.nlink, copy.nlink]);
  expect([copy.mode, copy.mtimeNs]).toEqual([original.mode, original.mtimeNs]);
  expect(await readFile(join(storage.directory, "to"), "utf8")).toBe("");
});

/** The number of names at which the file system says no; undefined where that is beyond reach. */
async function exhaustLinks(path: string, directory: string): Promise<number | undefined> {
  for (let start = 1; start < 70_000; start += 1000) {
    const attempts = Array.from({ length: 1000 }, (_, index) =>
      link(path, join(directory, String(start + index))),
    );
    const failed = (await Promise.allSettled(attempts)).filter((result) => result.status === "rejected");
    if (failed.length > 0) return (await lstat(path)).nlink;
  }
  return undefined;
}
