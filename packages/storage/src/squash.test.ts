import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { libc } from "@dorian/linux/libc";
import { isOpaque } from "@dorian/linux/overlay-marks";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits, type Edit } from "../test/random-edits.ts";
import { readTree } from "@dorian/testkit/read-tree";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { squash } from "./squash.ts";
import { listTree } from "./stack-view.ts";

test("a squashed run shows what its layers showed, above and below others", async () => {
  await using storage = await TemporaryStorage.open();
  const run = fc.tuple(fc.nat(), fc.nat());
  await fc.assert(
    fc.asyncProperty(fc.array(edits, { minLength: 2, maxLength: 5 }), run, async (commits, [a, b]) => {
      const stack: string[] = [];
      for (const [number, edits] of commits.entries()) {
        const { upper } = await storage.write(stack, (mount) => applyEdits(mount, edits, String(number)));
        stack.push(await storage.commit(stack, upper));
      }
      const before = await storage.view(stack, readTree);
      const [from, to] = [a % stack.length, b % stack.length].toSorted((x, y) => x - y) as [number, number];
      const one = await squash(storage.layers, stack.slice(from, to + 1), { keepWhiteouts: from > 0 });
      const shorter = stack.toSpliced(from, to + 1 - from, one);

      expect(await storage.view(shorter, readTree)).toEqual(before);
      const listed: string[] = [];
      for await (const { path } of listTree(storage.paths(shorter), "", { recursive: true }))
        listed.push(path);
      expect(listed.toSorted()).toEqual(Object.keys(before).toSorted());
    }),
    { numRuns: 60 },
  );
});

/** Together: a directory is renamed to where a lower one has a directory in place of its file. */
const renamedOver: Edit[][] = [
  [],
  [
    { kind: "make", path: "a/b" },
    { kind: "rename", path: "a", to: "b" },
    { kind: "make", path: "a/c" },
  ],
  [{ kind: "write", path: "a/b" }],
];
const lastRenames: Edit[] = [
  { kind: "rename", path: "b", to: "a/a" },
  { kind: "rename", path: "a", to: "b" },
];

test("commits on top of a squashed stack are read as ever", async () => {
  await using storage = await TemporaryStorage.open();
  await fc.assert(
    fc.asyncProperty(fc.array(edits, { minLength: 3, maxLength: 3 }), edits, async (commits, last) => {
      const stack: string[] = [];
      for (const [number, edits] of commits.entries()) {
        const { upper } = await storage.write(stack, (mount) => applyEdits(mount, edits, String(number)));
        stack.push(await storage.commit(stack, upper));
      }
      stack.splice(1, 2, await squash(storage.layers, stack.slice(1), { keepWhiteouts: true }));
      const { upper, result } = await storage.write(stack, (mount) => {
        applyEdits(mount, last, "last");
        return readTree(mount);
      });
      stack.push(await storage.commit(stack, upper));
      expect(await storage.view(stack, readTree)).toEqual(result);
    }),
    { numRuns: 40, examples: [[renamedOver, lastRenames]] },
  );
});

test("modes, owners, symlinks, hard links, empty directories and times come through [E5]", async () => {
  await using storage = await TemporaryStorage.open();
  const { upper } = await storage.write([], (mount) => {
    mkdirSync(join(mount, "models/empty"), { recursive: true });
    writeFileSync(join(mount, "models/weights"), "w".repeat(5_000_000));
    linkSync(join(mount, "models/weights"), join(mount, "models/latest"));
    symlinkSync("weights", join(mount, "models/link"));
    writeFileSync(join(mount, "models/run"), "#!/bin/sh\n");
    chmodSync(join(mount, "models/run"), 0o4751);
    chownSync(join(mount, "models/run"), 12, 34);
    chmodSync(join(mount, "models/run"), 0o4751);
    lutimesSync(join(mount, "models/run"), 1_000_000_000, 1_234_567_890.125);
    lutimesSync(join(mount, "models/link"), 1, 2);
    chmodSync(join(mount, "models/empty"), 0o1777);
    lutimesSync(join(mount, "models/empty"), 3, 4);
    lutimesSync(join(mount, "models"), 5, 6);
  });
  const stack = [await storage.commit([], upper)];
  const second = await storage.write(stack, (mount) => writeFileSync(join(mount, "other"), "x"));
  stack.push(await storage.commit(stack, second.upper));
  const tree = await storage.view(stack, readTree);
  const one = await squash(storage.layers, stack, { keepWhiteouts: false });
  expect(await storage.view([one], readTree)).toEqual(tree);

  const inLayer = (name: string) => lstat(join(storage.layers.path(one), "models", name));
  expect((await inLayer("weights")).ino).toBe((await inLayer("latest")).ino);
  const original = await lstat(join(storage.layers.path(stack[0] ?? ""), "models/weights"));
  expect((await inLayer("weights")).ino).toBe(original.ino);
  expect(tree["models/run"]).toMatch(/^file 104751 12:34 1234567890125000000 /);
  expect(tree["models/empty"]).toMatch(/^directory 41777 0:0 4000000000$/);
  expect((await inLayer("empty")).mtimeMs).toBe(4000);
});

test("extended attributes of directories and files come through", async () => {
  await using storage = await TemporaryStorage.open();
  const note = (path: string, text: string) =>
    libc.lsetxattr(path, "user.note", Buffer.from(text), text.length, 0);
  const stack: string[] = [];
  for (const text of ["lower", "upper"]) {
    const { upper } = await storage.write(stack, (mount) => {
      mkdirSync(join(mount, "noted", text), { recursive: true });
      writeFileSync(join(mount, "noted", text, "file"), text);
      for (const path of ["noted", `noted/${text}`, `noted/${text}/file`]) note(join(mount, path), text);
    });
    stack.push(await storage.commit(stack, upper));
  }
  const one = await squash(storage.layers, stack, { keepWhiteouts: false });
  const read = (path: string) => {
    const value = Buffer.alloc(16);
    const length = Number(
      libc.lgetxattr(join(storage.layers.path(one), path), "user.note", value, value.length),
    );
    return value.toString("utf8", 0, Math.max(0, length));
  };
  expect(["noted", "noted/lower", "noted/upper", "noted/lower/file"].map(read)).toEqual([
    "upper",
    "lower",
    "upper",
    "lower",
  ]);
});

test("a squashed whiteout is not listed where a layer below has deleted the directory", async () => {
  await using storage = await TemporaryStorage.open();
  const base = await storage.write([], (mount) => {
    mkdirSync(join(mount, "d"));
    writeFileSync(join(mount, "d/old"), "old");
  });
  const stack = [await storage.commit([], base.upper)];
  const remover = await storage.write(stack, (mount) => rmSync(join(mount, "d"), { recursive: true }));
  const maker = await storage.write(stack, (mount) => {
    rmSync(join(mount, "d/old"));
    writeFileSync(join(mount, "d/new"), "new");
  });
  stack.push(await storage.commit(stack, remover.upper), await storage.commit(stack, maker.upper));
  const last = await storage.write(stack, (mount) => writeFileSync(join(mount, "d/last"), "last"));
  stack.push(await storage.commit(stack, last.upper));
  const one = await squash(storage.layers, stack.slice(2), { keepWhiteouts: true });
  const names = await storage.view([...stack.slice(0, 2), one], (mount) => readdir(join(mount, "d")));
  expect(names.toSorted()).toEqual(["last", "new"]);
});

test("a directory deleted and made anew within the run keeps hiding what is below", async () => {
  await using storage = await TemporaryStorage.open();
  const stack: string[] = [];
  const commit = async (work: (mount: string) => void) => {
    const { upper } = await storage.write(stack, work);
    stack.push(await storage.commit(stack, upper));
  };
  await commit((mount) => {
    mkdirSync(join(mount, "d"));
    writeFileSync(join(mount, "d/old"), "old");
  });
  await commit((mount) => rmSync(join(mount, "d"), { recursive: true }));
  await commit((mount) => {
    mkdirSync(join(mount, "d"));
    writeFileSync(join(mount, "d/new"), "new");
  });
  const one = await squash(storage.layers, stack.slice(1), { keepWhiteouts: true });
  expect(isOpaque(join(storage.layers.path(one), "d"))).toBe(true);
  const shorter = [stack[0] ?? "", one];
  expect(await storage.view(shorter, (mount) => readdir(join(mount, "d")))).toEqual(["new"]);
});
