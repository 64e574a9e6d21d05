import { createHash } from "node:crypto";
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LocalDigests } from "./local-digests.ts";

const { signal } = new AbortController();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

// What was written just now is not remembered; here it was long ago.
const later = () => vi.setSystemTime(Date.now() + 60_000);
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** The digest of a file, and the bytes that were read of it rather than remembered: known by a changed content. */
async function digestOf(digests: LocalDigests, path: string): Promise<string> {
  const stats = await stat(path, { bigint: true });
  const remembered = await digests.remembered(path, stats);
  return remembered ?? (await digests.read(path, stats, { onRead: () => undefined, signal }));
}

/** Changes what a file remembers, so that its use shows. */
async function forge(cache: string, from: string, to: string): Promise<void> {
  await writeFile(cache, (await readFile(cache, "utf8")).replaceAll(sha256(from), sha256(to)));
}

test("an unchanged file is not read again, in another process neither [A25]", async () => {
  await using root = await temporaryDirectory({ "tree/a": "one", "tree/b": "two" });
  const cache = join(root.path, "cache/local-digests");
  const [a, b] = [join(root.path, "tree/a"), join(root.path, "tree/b")];
  later();
  const first = new LocalDigests(cache);
  expect([await digestOf(first, a), await digestOf(first, b)]).toEqual([sha256("one"), sha256("two")]);
  await first.save();
  await forge(cache, "one", "remembered");
  const second = new LocalDigests(cache);
  expect([await digestOf(second, a), await digestOf(second, b)]).toEqual([
    sha256("remembered"),
    sha256("two"),
  ]);
  // Nothing new: nothing is written.
  await rm(cache);
  await second.save();
  expect(await readdir(join(root.path, "cache"))).toEqual([]);
});

test("the memory is read when a file is first asked about: a deployment without files does not wait for it", async () => {
  await using root = await temporaryDirectory({ a: "one" });
  const cache = join(root.path, "local-digests");
  const path = join(root.path, "a");
  later();
  const early = new LocalDigests(cache);
  const other = new LocalDigests(cache);
  await digestOf(other, path);
  await other.save();
  await forge(cache, "one", "remembered");
  expect(await digestOf(early, path)).toBe(sha256("remembered"));
});

test("a file that may have changed is read: its content in place, its times set back, another by its name, its mode", async () => {
  await using root = await temporaryDirectory({ a: "one", b: "one" });
  const cache = join(root.path, "local-digests");
  const path = join(root.path, "a");
  const remembered = async () => {
    later();
    await rm(cache, { force: true });
    const digests = new LocalDigests(cache);
    await digestOf(digests, path);
    await digests.save();
    await forge(cache, "one", "remembered");
    return new LocalDigests(cache);
  };
  const changes = [
    async () => {
      const { atime, mtime } = await stat(path);
      await writeFile(path, "two");
      await utimes(path, atime, mtime);
    },
    () => rename(join(root.path, "b"), path),
    () => chmod(path, 0o600),
    () => link(path, join(root.path, "c")),
  ];
  for (const change of changes) {
    await writeFile(path, "one");
    const digests = await remembered();
    expect(await digestOf(digests, path)).toBe(sha256("remembered"));
    await change();
    expect(await digestOf(digests, path)).toBe(sha256(await readFile(path, "utf8")));
  }
});

test("a file that has only just changed is not remembered: it may change again without showing it", async () => {
  await using root = await temporaryDirectory({ a: "one" });
  const cache = join(root.path, "local-digests");
  const digests = new LocalDigests(cache);
  expect(await digestOf(digests, join(root.path, "a"))).toBe(sha256("one"));
  await digests.save();
  expect(await readdir(root.path)).toEqual(["a"]);
});

test("a damaged, unreadable or huge memory is as none, and where none can be written nothing fails", async () => {
  await using root = await temporaryDirectory({ a: "one", damaged: "\0\xff{]\n\nabc def ghi\n" });
  later();
  const path = join(root.path, "a");
  await mkdir(join(root.path, "directory"));
  for (const cache of ["damaged", "directory", "a/below-a-file", undefined]) {
    const digests = new LocalDigests(cache && join(root.path, cache));
    expect(await digestOf(digests, path)).toBe(sha256("one"));
    await digests.save();
  }
  expect((await readdir(root.path)).toSorted()).toEqual(["a", "damaged", "directory"]);
  expect(await digestOf(new LocalDigests(join(root.path, "damaged")), path)).toBe(sha256("one"));
});

test("several may write at once: one of them wins, whole", async () => {
  await using root = await temporaryDirectory(
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`tree/${index}`, `${index}`])),
  );
  later();
  const cache = join(root.path, "local-digests");
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const digests = new LocalDigests(cache);
      for (let index = 0; index < 20; index++) await digestOf(digests, join(root.path, `tree/${index}`));
      await digests.save();
    }),
  );
  expect((await readFile(cache, "utf8")).trim().split("\n")).toHaveLength(20);
  expect((await readdir(root.path)).toSorted()).toEqual(["local-digests", "tree"]);
});
