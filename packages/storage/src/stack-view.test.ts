import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { listTree, resolvePath, type TreeEntry } from "./stack-view.ts";

async function volume(storage: TemporaryStorage, ...works: ((mount: string) => void)[]): Promise<string[]> {
  const stack: string[] = [];
  for (const work of works) {
    const { upper } = await storage.write(stack, work);
    stack.push(await storage.commit(stack, upper));
  }
  return storage.paths(stack);
}

async function list(paths: string[], path: string, recursive = false): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const entry of listTree(paths, path, { recursive })) entries.push(entry);
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const write = (path: string, content: string) => (mount: string) => {
  mkdirSync(join(mount, path, ".."), { recursive: true });
  writeFileSync(join(mount, path), content);
};

test("lists a directory merged from several layers, without what was deleted", async () => {
  await using storage = await TemporaryStorage.open();
  const paths = await volume(
    storage,
    write("models/a", "aa"),
    write("models/b", "bbb"),
    (mount) => rmSync(join(mount, "models/a")),
    (mount) => chmodSync(join(mount, "models/b"), 0o600),
  );
  expect(await list(paths, "/")).toMatchObject([{ path: "models", type: "directory", mode: 0o755 }]);
  expect(await list(paths, "models/")).toMatchObject([
    { path: "models/b", type: "file", size: 3, mode: 0o600 },
  ]);
  expect((await list(paths, "", true)).map(({ path }) => path)).toEqual(["models", "models/b"]);
});

test("lists a file as itself and an empty volume as nothing", async () => {
  await using storage = await TemporaryStorage.open();
  const paths = await volume(storage, write("a/file", "x"));
  expect(await list(paths, "/a/file", true)).toMatchObject([{ path: "a/file", type: "file", size: 1 }]);
  expect(await list([], "")).toEqual([]);
});

test.for(["missing", "a/file/below", "a/dangling"])("says that %s is not there", async (path) => {
  await using storage = await TemporaryStorage.open();
  const paths = await volume(storage, write("a/file", "x"), (mount) =>
    symlinkSync("nowhere", join(mount, "a/dangling")),
  );
  await expect(list(paths, path)).rejects.toMatchObject({
    code: "VOLUME_PATH_NOT_FOUND",
    status: "NOT_FOUND",
  });
  expect(await resolvePath(paths, path)).toBeUndefined();
});

test.for(["../x", "a/../../x", "a\0b", "n".repeat(256), "d/".repeat(2000)])(
  "refuses the path %j",
  async (path) => {
    await expect(list([], path)).rejects.toMatchObject({ code: "PATH_INVALID", status: "INVALID_ARGUMENT" });
  },
);

test("follows links within the volume and lists links as links", async () => {
  await using storage = await TemporaryStorage.open();
  const paths = await volume(storage, write("blobs/1", "weights"), (mount) => {
    mkdirSync(join(mount, "snapshots/main"), { recursive: true });
    symlinkSync("../../blobs/1", join(mount, "snapshots/main/model"));
    symlinkSync("main", join(mount, "snapshots/latest"));
    symlinkSync("..", join(mount, "snapshots/up"));
  });
  const found = await resolvePath(paths, "snapshots/latest/model");
  expect(await readFile(found?.hostPath ?? "", "utf8")).toBe("weights");
  expect((await resolvePath(paths, "snapshots/up/snapshots/up/blobs"))?.stats.isDirectory()).toBe(true);
  expect(await list(paths, "snapshots/latest")).toMatchObject([
    { path: "snapshots/latest/model", type: "symlink" },
  ]);
  expect((await list(paths, "snapshots/up")).map(({ path }) => path)).toEqual([
    "snapshots/up/blobs",
    "snapshots/up/snapshots",
  ]);
});

test("a link out of the volume leads nowhere on this machine", async () => {
  await using storage = await TemporaryStorage.open();
  await writeFile(join(storage.directory, "secret"), "secret");
  const paths = await volume(storage, (mount) => {
    symlinkSync("/etc/passwd", join(mount, "absolute"));
    symlinkSync("../../secret", join(mount, "above"));
    symlinkSync("circle", join(mount, "circle"));
  });
  for (const path of ["absolute", "above", "circle", "circle/x"]) {
    await expect(resolvePath(paths, path)).rejects.toMatchObject({ code: "PATH_LEAVES_STACK" });
  }
});

test("a file above a directory hides all of it, in whatever order they came", async () => {
  await using storage = await TemporaryStorage.open();
  const paths = await volume(
    storage,
    write("x/a", "a"),
    (mount) => {
      rmSync(join(mount, "x"), { recursive: true });
      writeFileSync(join(mount, "x"), "file");
    },
    (mount) => {
      rmSync(join(mount, "x"));
      mkdirSync(join(mount, "x"));
    },
  );
  expect((await list(paths.slice(0, 2), "", true)).map(({ path, type }) => [path, type])).toEqual([
    ["x", "file"],
  ]);
  expect((await list(paths, "", true)).map(({ path, type }) => [path, type])).toEqual([["x", "directory"]]);
});

test("streams a big directory: the first entry comes before the last is looked at", async () => {
  await using storage = await TemporaryStorage.open();
  await using draft = await storage.layers.draft();
  await mkdir(join(draft.path, "many"));
  writeFileSync(join(draft.path, "one"), "x");
  for (let index = 0; index < 20_000; index += 1)
    linkSync(join(draft.path, "one"), join(draft.path, "many", `f${index}`));
  const iterator = listTree([draft.path], "many", { recursive: true });
  await iterator.next();
  rmSync(join(draft.path, "many"), { recursive: true });
  // Had all been read at once, the listing would go on as if nothing had happened.
  const rest = async () => {
    while (!(await iterator.next()).done);
  };
  await expect(rest()).rejects.toMatchObject({ code: "LAYER_CHANGED" });
});
