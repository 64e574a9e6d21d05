import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { readTree } from "@dorian/testkit/read-tree";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import fc from "fast-check";
import { expect, test } from "vitest";
import { copyTree } from "./copy-tree.ts";

interface Entry {
  path: string[];
  kind: "directory" | "file" | "link";
  mode: number;
  content: string;
}

/** Few names, so that many paths meet. */
const names = fc.constantFrom("a", "b", "c c", "ü");
const entries = fc.array(
  fc.record({
    path: fc.array(names, { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom("directory", "file", "link"),
    mode: fc.constantFrom(0o755, 0o644, 0o700, 0o4711, 0o1777),
    content: fc.constantFrom("", "x", "./a", "/b", "../c c"),
  }),
  { maxLength: 12 },
);

/** Makes what can be made of them: an entry below a file, or where another one is, is left out. */
function make(root: string, tree: readonly Entry[]): void {
  for (const { path, kind, mode, content } of tree) {
    const place = join(root, ...path);
    try {
      mkdirSync(join(root, ...path.slice(0, -1)), { recursive: true });
      if (kind === "directory") mkdirSync(place);
      else if (kind === "file") writeFileSync(place, content, { flag: "wx" });
      else symlinkSync(content === "" ? "nowhere" : content, place);
      if (kind !== "link") chmodSync(place, mode);
    } catch (error) {
      if (!/EEXIST|ENOTDIR|ENOENT|ELOOP|EACCES/.test(String(error))) throw error;
    }
  }
}

/** As `readTree` tells, to the millisecond: that is what is copied of times. */
function look(root: string): Record<string, string> {
  const rounded = (ns: string) => String(Math.round(Number(ns) / 1e6));
  const all = Object.entries(readTree(root));
  return Object.fromEntries(all.map(([path, told]) => [path, told.replace(timeOf, rounded)]));
}

/** Without the times of directories, which change with what is put into them. */
function lookAside(root: string): Record<string, string> {
  const all = Object.entries(look(root));
  return Object.fromEntries(
    all.map(([path, told]) => [path, isDirectory(told) ? told.replace(timeOf, "") : told]),
  );
}

const timeOf = /(?<=^\S+ \S+ \S+ )\d+/;

function isDirectory(told: string | undefined): boolean {
  return told?.startsWith("directory ") ?? false;
}

async function copy(from: string, to: string): Promise<void> {
  using directory = OpenDirectory.open(from);
  await copyTree({ directory, name: "." }, "/", {
    root: to,
    owner: { uid: 0, gid: 0 },
    mode: undefined,
    onFile: () => undefined,
    signal: AbortSignal.timeout(60_000),
  });
}

test("a tree that is copied to an empty place is the same there: content, links, modes and times", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (tree) => {
      await using source = await temporaryDirectory();
      await using target = await temporaryDirectory();
      make(source.path, tree);
      await copy(source.path, target.path);
      expect(look(target.path)).toEqual(look(source.path));
    }),
    { numRuns: 60 },
  );
});

test("a tree that is copied twice is what it is when it is copied once", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (tree) => {
      await using source = await temporaryDirectory();
      await using target = await temporaryDirectory();
      make(
        source.path,
        tree.filter(({ kind }) => kind !== "link"),
      );
      await copy(source.path, target.path);
      const once = lookAside(target.path);
      await copy(source.path, target.path);
      expect(lookAside(target.path)).toEqual(once);
    }),
    { numRuns: 40 },
  );
});

test("what is copied over another tree is there as it was, what else was there stays, and where a file is in a directory's way the copy is refused", async () => {
  await fc.assert(
    fc.asyncProperty(entries, entries, async (upper, lower) => {
      const isLink = ({ kind }: Entry) => kind === "link";
      await using source = await temporaryDirectory();
      await using target = await temporaryDirectory();
      make(
        source.path,
        upper.filter((entry) => !isLink(entry)),
      );
      make(
        target.path,
        lower.filter((entry) => !isLink(entry)),
      );
      const [above, below] = [lookAside(source.path), lookAside(target.path)];
      const meets = Object.keys(above).filter((path) => path in below);
      const isObstructed = meets.some((path) => isDirectory(above[path]) !== isDirectory(below[path]));
      const copied = copy(source.path, target.path);
      if (isObstructed) {
        await expect(copied).rejects.toMatchObject({ code: "COPY_OBSTRUCTED" });
        return;
      }
      await copied;
      const kept = Object.entries(below).filter(([path, told]) => isDirectory(told) || !(path in above));
      expect(lookAside(target.path)).toEqual({ ...above, ...Object.fromEntries(kept) });
    }),
    { numRuns: 60 },
  );
});
