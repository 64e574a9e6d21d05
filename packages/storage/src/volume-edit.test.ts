import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTree } from "@dorian/testkit/read-tree";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { blockBytes } from "./block-store.ts";
import type { FileContent } from "./file-content.ts";
import { copyPaths, putFiles, removePath } from "./volume-edit.ts";

/** A volume with a few files, and edits of it. */
class Volume implements AsyncDisposable {
  readonly stack: string[] = [];
  readonly storage: TemporaryStorage;
  private constructor(storage: TemporaryStorage) {
    this.storage = storage;
  }

  static async open(work: (mount: string) => void = () => undefined): Promise<Volume> {
    const volume = new Volume(await TemporaryStorage.open());
    const { upper } = await volume.storage.write([], work);
    volume.stack.push(await volume.storage.commit([], upper));
    return volume;
  }

  async put(files: FileContent[], overwrite = true) {
    const { layers, blocks } = this.storage;
    return await this.#append(await putFiles(layers, this.paths, files, blocks, { overwrite }));
  }

  async remove(path: string, recursive = false) {
    return await this.#append(await removePath(this.storage.layers, this.paths, path, { recursive }));
  }

  async copy(sources: string[], destination: string, recursive = false) {
    return await this.#append(
      await copyPaths(this.storage.layers, this.paths, sources, destination, { recursive }),
    );
  }

  async text(path: string, content: string): Promise<FileContent> {
    const { sha, size } = await this.storage.blocks.put(Buffer.from(content));
    return { path, size, blocks: [{ sha, size }] };
  }

  /** Uploads as clients do: in blocks, without the zeros at their ends. */
  async upload(path: string, content: Buffer, mode?: number): Promise<FileContent> {
    const blocks = [];
    for (let offset = 0; offset < content.length; offset += blockBytes) {
      const block = content.subarray(offset, offset + blockBytes);
      let end = block.length;
      while (end > 0 && block[end - 1] === 0) end -= 1;
      blocks.push(await this.storage.blocks.put(block.subarray(0, end)));
    }
    return { path, size: content.length, mode, blocks };
  }

  async names(): Promise<string[]> {
    return await this.storage.view(this.stack, (mount) => Object.keys(readTree(mount)));
  }

  async read<T>(look: (mount: string) => T | Promise<T>): Promise<T> {
    return await this.storage.view(this.stack, look);
  }

  get paths(): string[] {
    return this.storage.paths(this.stack);
  }

  async #append(layerId: string | undefined): Promise<string | undefined> {
    if (layerId !== undefined) this.stack.push(layerId);
    return layerId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
  }
}

const models = (mount: string) => {
  mkdirSync(join(mount, "models/iris"), { recursive: true });
  chmodSync(join(mount, "models"), 0o750);
  writeFileSync(join(mount, "models/iris/weights"), "iris");
  writeFileSync(join(mount, "models/readme"), "read");
};

test("files are put with their directories, which keep their permissions", async () => {
  await using volume = await Volume.open(models);
  await volume.put([await volume.text("/models/new/a", "a"), await volume.text("models/readme", "again")]);
  expect(await volume.names()).toEqual([
    "models",
    "models/iris",
    "models/iris/weights",
    "models/new",
    "models/new/a",
    "models/readme",
  ]);
  await volume.read(async (mount) => {
    expect(await readFile(join(mount, "models/readme"), "utf8")).toBe("again");
    expect((await lstat(join(mount, "models"))).mode & 0o777).toBe(0o750);
  });
  expect(await volume.put([])).toBeUndefined();
});

test.for([
  ["with zeros at block ends", 3 * blockBytes - 5, 0o640],
  ["of one block with zeros at its end", 5000, undefined],
  ["of exactly two blocks", 2 * blockBytes, undefined],
  ["without content", 0, undefined],
] as const)("a file %s is put together from its blocks", async ([, size, mode]) => {
  await using volume = await Volume.open();
  const content = Buffer.alloc(size);
  randomBytes(Math.min(1000, size)).copy(content);
  if (size > blockBytes + 100) randomBytes(50).copy(content, blockBytes + 20);
  await volume.put([await volume.upload("big", content, mode)]);
  await volume.read(async (mount) => {
    const read = await readFile(join(mount, "big"));
    expect(createHash("sha256").update(read).digest("hex")).toBe(
      createHash("sha256").update(content).digest("hex"),
    );
    expect((await lstat(join(mount, "big"))).mode & 0o777).toBe(mode ?? 0o644);
  });
});

test("a whole file of any size may be one block, and takes no space then [E3]", async () => {
  await using volume = await Volume.open();
  const content = randomBytes(blockBytes + 1000);
  const { sha, size } = await volume.storage.blocks.put(content);
  const layerId = await volume.put([{ path: "weights", size, blocks: [{ sha, size }] }]);
  const block = await lstat(volume.storage.blocks.path(sha));
  expect((await lstat(join(volume.storage.layers.path(layerId ?? ""), "weights"))).ino).toBe(block.ino);
});

test("a put that fails changes nothing and leaves nothing", async () => {
  await using volume = await Volume.open(models);
  const good = await volume.text("good", "x");
  const sha = "0".repeat(64);
  const cases: [string, FileContent[], boolean][] = [
    ["VOLUME_FILE_EXISTS", [good, await volume.text("models/readme", "x")], false],
    ["VOLUME_FILE_EXISTS", [good, good], false],
    ["PATH_IS_A_DIRECTORY", [good, await volume.text("models", "x")], true],
    ["PATH_NOT_A_DIRECTORY", [good, await volume.text("models/readme/x", "x")], true],
    ["PATH_INVALID", [good, await volume.text("../x", "x")], true],
    ["PATH_INVALID", [good, await volume.text("", "x")], true],
    ["BLOCK_NOT_FOUND", [good, { path: "x", size: 1, blocks: [{ sha, size: 1 }] }], true],
    ["FILE_BLOCKS_MISMATCH", [good, { ...good, size: 0 }], true],
    ["FILE_BLOCKS_MISMATCH", [good, { ...good, size: blockBytes * 3 }], true],
  ];
  for (const [code, files, overwrite] of cases) {
    await expect(volume.put(files, overwrite)).rejects.toMatchObject({ code });
  }
  expect(await volume.storage.layers.list()).toHaveLength(1);
  const drafts = await readdir(join(volume.storage.directory, "drafts"), { recursive: true });
  expect(drafts.filter((name) => name.includes("/"))).toEqual([]);
});

test("a directory that is a link is followed, a file that is one is replaced", async () => {
  await using volume = await Volume.open((mount) => {
    models(mount);
    symlinkSync("iris", join(mount, "models/latest"));
    symlinkSync("readme", join(mount, "models/link"));
    symlinkSync("/etc", join(mount, "out"));
  });
  await volume.put([await volume.text("models/latest/b", "b"), await volume.text("models/link", "own")]);
  await volume.read(async (mount) => {
    expect(await readFile(join(mount, "models/iris/b"), "utf8")).toBe("b");
    expect(await readFile(join(mount, "models/readme"), "utf8")).toBe("read");
    expect(await readFile(join(mount, "models/link"), "utf8")).toBe("own");
  });
  await expect(volume.put([await volume.text("out/x", "x")])).rejects.toMatchObject({
    code: "PATH_LEAVES_STACK",
  });
});

test("removing hides a file, a directory with all in it, or all there is [L6]", async () => {
  await using volume = await Volume.open(models);
  await volume.remove("/models/readme");
  expect(await volume.names()).toEqual(["models", "models/iris", "models/iris/weights"]);
  await expect(volume.remove("models/iris")).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
  await volume.remove("models/iris", true);
  expect(await volume.names()).toEqual(["models"]);
  await expect(volume.remove("models/iris", true)).rejects.toMatchObject({ status: "NOT_FOUND" });
  await volume.put([await volume.text("models/iris/new", "new")]);
  expect(await volume.names()).toEqual(["models", "models/iris", "models/iris/new"]);
  await volume.remove("/", true);
  expect(await volume.names()).toEqual([]);
  expect(await volume.remove("/", true)).toBeUndefined();
});

test("removing a link leaves what it leads to", async () => {
  await using volume = await Volume.open((mount) => {
    models(mount);
    symlinkSync("models", join(mount, "link"));
  });
  await volume.remove("link");
  expect(await volume.names()).toContain("models/readme");
  expect(await volume.names()).not.toContain("link");
});

test("copies are hard links: into a directory, by a new name, and merged", async () => {
  await using volume = await Volume.open(models);
  const first = await volume.copy(["models/readme"], "notes");
  const inode = async (layer: string | undefined, path: string) =>
    (await lstat(join(volume.storage.layers.path(layer ?? ""), path))).ino;
  expect(await inode(first, "notes")).toBe(await inode(volume.stack[0], "models/readme"));
  await volume.copy(["notes"], "both/notes");
  await volume.copy(["models/readme", "notes"], "both");
  await volume.copy(["models"], "copy", true);
  await volume.copy(["models"], "copy", true);
  await volume.copy(["both/"], "copy/models", true);
  const names = await volume.names();
  expect(names.filter((name) => name.startsWith("both/"))).toEqual(["both/notes", "both/readme"]);
  expect(names.filter((name) => name.startsWith("copy/") && !name.startsWith("copy/models/"))).toEqual([
    "copy/iris",
    "copy/iris/weights",
    "copy/models",
    "copy/readme",
  ]);
  expect(names.filter((name) => name.startsWith("copy/models/both"))).toEqual([
    "copy/models/both",
    "copy/models/both/notes",
    "copy/models/both/readme",
  ]);
  await volume.read(async (mount) =>
    expect((await lstat(join(mount, "copy/models"))).mode & 0o777).toBe(0o750),
  );
});

test("merging a copy into a directory keeps what is there", async () => {
  await using volume = await Volume.open((mount) => {
    models(mount);
    mkdirSync(join(mount, "into/models/iris"), { recursive: true });
    writeFileSync(join(mount, "into/models/iris/own"), "own");
    writeFileSync(join(mount, "into/models/readme"), "older");
  });
  await volume.copy(["models"], "into", true);
  expect((await volume.names()).filter((name) => name.startsWith("into/models/"))).toEqual([
    "into/models/iris",
    "into/models/iris/own",
    "into/models/iris/weights",
    "into/models/readme",
  ]);
  await volume.read(async (mount) => {
    expect(await readFile(join(mount, "into/models/readme"), "utf8")).toBe("read");
  });
});

test.for([
  ["VOLUME_PATH_NOT_FOUND", ["missing"], "x", true],
  ["PATH_IS_A_DIRECTORY", ["models"], "x", false],
  ["COPY_INTO_ITSELF", ["models"], "models/iris", true],
  ["COPY_INTO_ITSELF", ["models/readme"], "models/readme", true],
  ["PATH_NOT_A_DIRECTORY", ["models/iris"], "models/readme", true],
  ["PATH_NOT_A_DIRECTORY", ["models/iris"], "models/readme/x", true],
  ["PATH_NOT_A_DIRECTORY", ["models/readme", "models/iris/weights"], "notdir.txt", false],
  ["PATH_NOT_A_DIRECTORY", ["models/readme", "models/iris/weights"], "models/readme", false],
  ["PATH_NOT_A_DIRECTORY", ["models/readme"], "notdir/", false],
  ["VOLUME_FILE_EXISTS", ["models/readme", "models/readme"], "/", false],
  ["PATH_INVALID", ["models/iris"], "../x", true],
] as const)("a copy answers %s for %j to %s [A21]", async ([code, sources, destination, recursive]) => {
  await using volume = await Volume.open(models);
  await expect(volume.copy([...sources], destination, recursive)).rejects.toMatchObject({ code });
  expect(await volume.storage.layers.list()).toHaveLength(1);
});

test("files removed in the container can be put again", async () => {
  await using volume = await Volume.open(models);
  const { upper } = await volume.storage.write(volume.stack, (mount) =>
    rmSync(join(mount, "models"), { recursive: true }),
  );
  volume.stack.push(await volume.storage.commit(volume.stack, upper));
  await volume.put([await volume.text("models/x", "x")], false);
  expect(await volume.names()).toEqual(["models", "models/x"]);
});
