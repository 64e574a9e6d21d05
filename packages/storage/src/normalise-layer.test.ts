import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isOpaque, redirectOf } from "@dorian/linux/overlay-marks";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits } from "../test/random-edits.ts";
import { readTree } from "@dorian/testkit/read-tree";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { listTree } from "./stack-view.ts";

test("what was edited through an overlay is what its frozen, normalised stack shows [L5, L6]", async () => {
  await using storage = await TemporaryStorage.open();
  const commits = fc.array(edits, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(commits, async (commits) => {
      const stack: string[] = [];
      for (const [number, edits] of commits.entries()) {
        const { upper, result } = await storage.write(stack, (mount) => {
          applyEdits(mount, edits, String(number));
          return readTree(mount);
        });
        stack.push(await storage.commit(stack, upper));
        await expectNoMarks(upper, storage.layers.path(stack.at(-1) ?? ""));
        expect(await storage.view(stack, readTree)).toEqual(result);
        expect(await listedTree(storage.paths(stack))).toEqual(Object.keys(result).toSorted());
      }
    }),
    { numRuns: 60 },
  );
});

test("files that concurrent writers put in place both survive; of the same file the last commit wins [L4]", async () => {
  await using storage = await TemporaryStorage.open();
  await fc.assert(
    fc.asyncProperty(edits, edits, edits, async (before, first, second) => {
      const base = await storage.write([], (mount) => applyEdits(mount, before, "base"));
      const stack = [await storage.commit([], base.upper)];
      const was = await storage.view(stack, readTree);
      const a = await storage.write(stack, (mount) => (applyEdits(mount, first, "first"), readTree(mount)));
      const b = await storage.write(stack, (mount) => (applyEdits(mount, second, "second"), readTree(mount)));
      const layers = [await storage.commit(stack, a.upper), await storage.commit(stack, b.upper)];
      const now = await storage.view([...stack, ...layers], readTree);

      const due = { ...survivors(was, a.result, b.result), ...changedFiles(was, b.result) };
      expect(Object.fromEntries(Object.keys(due).map((path) => [path, now[path]]))).toEqual(due);
      expect(await listedTree(storage.paths([...stack, ...layers]))).toEqual(Object.keys(now).toSorted());
    }),
    { numRuns: 60 },
  );
});

test("a directory made anew does not hide what another writer put there meanwhile [L4]", async () => {
  await using storage = await TemporaryStorage.open();
  const base = await storage.write([], (mount) => {
    mkdirSync(join(mount, "weights"));
    writeFileSync(join(mount, "weights/old"), "old");
  });
  const stack = [await storage.commit([], base.upper)];
  const other = await storage.write(stack, (mount) => writeFileSync(join(mount, "weights/other"), "other"));
  const mine = await storage.write(stack, (mount) => {
    rmSync(join(mount, "weights"), { recursive: true });
    mkdirSync(join(mount, "weights"));
    writeFileSync(join(mount, "weights/mine"), "mine");
  });
  stack.push(await storage.commit(stack, other.upper), await storage.commit(stack, mine.upper));
  expect(await storage.view(stack, (mount) => readdir(join(mount, "weights")))).toEqual(
    expect.arrayContaining(["mine", "other"]),
  );
  expect(await listedTree(storage.paths(stack))).toEqual(["weights", "weights/mine", "weights/other"]);
});

test("a renamed directory of a lower layer takes its files along without a copy [L6]", async () => {
  await using storage = await TemporaryStorage.open();
  const base = await storage.write([], (mount) => {
    mkdirSync(join(mount, "draft/deep"), { recursive: true });
    writeFileSync(join(mount, "draft/deep/weights"), "w".repeat(100_000));
    writeFileSync(join(mount, "draft/notes"), "old");
  });
  const stack = [await storage.commit([], base.upper)];
  const renamed = await storage.write(stack, (mount) => {
    renameSync(join(mount, "draft"), join(mount, "final"));
    rmSync(join(mount, "final/notes"));
    return readTree(mount);
  });
  const layer = await storage.commit(stack, renamed.upper);
  const moved = await lstat(join(storage.layers.path(layer), "final/deep/weights"));
  const kept = await lstat(join(storage.layers.path(stack[0] ?? ""), "draft/deep/weights"));
  expect(moved.ino).toBe(kept.ino);
  expect(await readdir(join(storage.layers.path(layer), "final"))).toEqual(["deep"]);
  expect(await storage.view([...stack, layer], readTree)).toEqual(renamed.result);
});

test("a directory renamed to the name of a deleted one shows nothing of that one, at any depth", async () => {
  await using storage = await TemporaryStorage.open();
  const base = await storage.write([], (mount) => {
    for (const name of ["draft", "final"]) {
      mkdirSync(join(mount, name, "deep/er"), { recursive: true });
      writeFileSync(join(mount, name, "deep/er", name), name);
    }
  });
  const stack = [await storage.commit([], base.upper)];
  const { upper, result } = await storage.write(stack, (mount) => {
    rmSync(join(mount, "final"), { recursive: true });
    renameSync(join(mount, "draft"), join(mount, "final"));
    return readTree(mount);
  });
  stack.push(await storage.commit(stack, upper));
  expect(Object.keys(result)).toEqual(["final", "final/deep", "final/deep/er", "final/deep/er/draft"]);
  expect(await storage.view(stack, readTree)).toEqual(result);
  expect(await listedTree(storage.paths(stack))).toEqual(Object.keys(result));
});

test("a whiteout in a directory whose lower half is gone is not listed", async () => {
  await using storage = await TemporaryStorage.open();
  const base = await storage.write([], (mount) => {
    mkdirSync(join(mount, "d"));
    writeFileSync(join(mount, "d/file"), "x");
  });
  const stack = [await storage.commit([], base.upper)];
  const remover = await storage.write(stack, (mount) => rmSync(join(mount, "d"), { recursive: true }));
  const maker = await storage.write(stack, (mount) => {
    rmSync(join(mount, "d"), { recursive: true });
    mkdirSync(join(mount, "d"));
    writeFileSync(join(mount, "d/new"), "new");
  });
  stack.push(await storage.commit(stack, remover.upper), await storage.commit(stack, maker.upper));
  expect(await storage.view(stack, (mount) => readdir(join(mount, "d")))).toEqual(["new"]);
  expect(await storage.view(stack, (mount) => readFileSync(join(mount, "d/new"), "utf8"))).toBe("new");
});

test("directories of any name are made anew and renamed like others", async () => {
  await using storage = await TemporaryStorage.open();
  const odd = (at: string, ...bytes: number[]) => Buffer.concat([Buffer.from(`${at}/d`), Buffer.from(bytes)]);
  const inside = (directory: Buffer, name: string) => Buffer.concat([directory, Buffer.from(`/${name}`)]);
  const base = await storage.write([], (mount) => {
    for (const byte of [0xe9, 0xff]) {
      mkdirSync(odd(mount, byte));
      writeFileSync(inside(odd(mount, byte), "old"), "old");
    }
  });
  const stack = [await storage.commit([], base.upper)];
  const change = await storage.write(stack, (mount) => {
    rmSync(odd(mount, 0xe9), { recursive: true });
    mkdirSync(odd(mount, 0xe9));
    writeFileSync(inside(odd(mount, 0xe9), "new"), "new");
    renameSync(odd(mount, 0xff), odd(mount, 0xfe));
  });
  stack.push(await storage.commit(stack, change.upper));
  const seen = await storage.view(stack, (mount) => [
    readdirSync(mount, { encoding: "latin1" }).toSorted(),
    readdirSync(odd(mount, 0xe9)),
    readdirSync(odd(mount, 0xfe)),
  ]);
  expect(seen).toEqual([["d\xe9", "d\xfe"], ["new"], ["old"]]);
});

function isFile(text: string): boolean {
  return !text.startsWith("directory");
}

function changedFiles(was: Record<string, string>, now: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(now).filter(([path, text]) => isFile(text) && text !== was[path]));
}

/** What the first of two writers put where the second did nothing. */
function survivors(
  was: Record<string, string>,
  first: Record<string, string>,
  second: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(changedFiles(was, first)).filter(
      ([path]) => !(path in second) && !(path in was) && leavesRoom(path, was, second),
    ),
  );
}

/** True when every directory above `path` is there for the second writer, or was never there. */
function leavesRoom(path: string, was: Record<string, string>, now: Record<string, string>): boolean {
  const names = path.split("/");
  for (let depth = 1; depth < names.length; depth += 1) {
    const above = names.slice(0, depth).join("/");
    if (above in now ? isFile(now[above] ?? "") : above in was) return false;
  }
  return true;
}

async function listedTree(layerPaths: string[]): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of listTree(layerPaths, "/", { recursive: true })) paths.push(path);
  return paths.toSorted();
}

async function expectNoMarks(upper: string, layer: string): Promise<void> {
  await expect(lstat(upper)).rejects.toMatchObject({ code: "ENOENT" });
  for (const entry of await readdir(layer, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const directory = join(entry.parentPath, entry.name);
    expect([directory, isOpaque(directory), redirectOf(directory)]).toEqual([directory, false, undefined]);
  }
}
