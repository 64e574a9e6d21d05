import { mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { eventually } from "@dorian/testkit/eventually";
import { readTree } from "@dorian/testkit/read-tree";
import { smallDisk, type SmallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlockStore } from "./block-store.ts";
import { writeFileLayer } from "./file-layer.ts";
import { LayerStore } from "./layer-store.ts";
import { normaliseLayer } from "./normalise-layer.ts";
import { squash } from "./squash.ts";
import { copyPaths, putFiles, removePath } from "./volume-edit.ts";

/** A data directory with a volume of two versions, content for files, and what a container has written. */
interface Stores {
  directory: string;
  layers: LayerStore;
  blocks: BlockStore;
  stack: string[];
  content: { sha: string; size: number };
  /** The writable directory of an overlay on the stack. */
  upper: string;
}

async function openStores(disk: SmallDisk, made: AsyncDisposableStack): Promise<Stores> {
  const directory = await mkdtemp(join(disk.path, "data-"));
  made.defer(() => rm(directory, { recursive: true }));
  const layers = made.use(await LayerStore.open(directory));
  const blocks = made.use(await BlockStore.open(directory));
  const content = await blocks.put(Buffer.alloc(5_000, 1));
  const file = (path: string) => ({ path, size: content.size, blocks: [content] });
  const stack: string[] = [];
  const append = async (files: ReturnType<typeof file>[]) => {
    const paths = stack.map((layerId) => layers.path(layerId));
    stack.push((await putFiles(layers, paths, files, blocks, { overwrite: true })) ?? "");
  };
  await append([file("a/b/c"), file("a/old"), file("top")]);
  await append([file("a/new"), file("top")]);
  const [upper = "", work = "", target = ""] = ["upper", "work", "target"].map((name) =>
    join(directory, name),
  );
  for (const path of [upper, work, target]) await mkdir(path);
  const lower = stack.map((layerId) => layers.path(layerId));
  mountOverlay(target, { lower, upper, work, redirectDirectories: true });
  await rename(join(target, "a"), join(target, "renamed"));
  await mkdir(join(target, "a"));
  await writeFile(join(target, "a/written"), "written");
  await rm(join(target, "renamed/old"));
  unmount(target);
  await rm(work, { recursive: true });
  return { directory, layers, blocks, stack, content, upper };
}

const paths = ({ layers, stack }: Stores) => stack.map((layerId) => layers.path(layerId));

async function draftOf(stores: Stores, seal: { durable: boolean }): Promise<string> {
  await using draft = await stores.layers.draft();
  const { sha, size } = stores.content;
  const files = ["code/one", "code/deep/er/two"].map((path) => ({ path, sha256: sha, mode: 0o600, size }));
  await writeFileLayer(draft, files, stores.blocks);
  return await draft.seal(seal);
}

/** What writes to the disk; each returns the path of the directory that it made. */
const writes: [string, (stores: Stores) => Promise<string | undefined>][] = [
  ["a block", async ({ blocks }) => void (await blocks.put(Buffer.alloc(9_000, 2)))],
  [
    "a copy of a file of this machine",
    async ({ blocks }) => {
      await using elsewhere = await temporaryDirectory({ file: Buffer.alloc(9_000, 3) });
      await using file = await open(join(elsewhere.path, "file"));
      const { signal } = new AbortController();
      await blocks.large.copy(file, {
        mode: 0o600,
        room: { hold: () => ({ shrink() {}, [Symbol.dispose]() {} }) },
        onCopied: () => undefined,
        signal,
      });
      return undefined;
    },
  ],
  [
    "the files of a client, as a layer",
    async (stores) => stores.layers.path(await draftOf(stores, { durable: true })),
  ],
  [
    "files put into a volume",
    async (stores) => {
      const { layers, blocks, content } = stores;
      const files = ["a/b/c", "x/y/z", "top"].map((path) => ({
        path,
        size: 9_000,
        mode: 0o640,
        blocks: [content],
      }));
      const put = await putFiles(layers, paths(stores), files, blocks, { overwrite: true });
      return layers.path(put ?? "");
    },
  ],
  [
    "files copied in a volume",
    async (stores) => {
      const copied = await copyPaths(stores.layers, paths(stores), ["a"], "to/there", {
        recursive: true,
      });
      return stores.layers.path(copied ?? "");
    },
  ],
  [
    "files removed from a volume",
    async (stores) => {
      const removed = await removePath(stores.layers, paths(stores), "a/b", { recursive: true });
      return stores.layers.path(removed ?? "");
    },
  ],
  [
    "layers that are squashed",
    async ({ layers, stack }) => layers.path(await squash(layers, stack, { keepWhiteouts: true })),
  ],
  [
    "what a container wrote, as a layer of a volume",
    async (stores) => {
      await normaliseLayer(stores.upper, paths(stores));
      return stores.layers.path(await stores.layers.adopt(stores.upper, { durable: true }));
    },
  ],
  [
    "what a build step wrote, as a layer of an image",
    async ({ layers, upper }) => {
      await layers.shareLargeFiles(upper);
      return layers.path(await layers.adopt(upper, { durable: true }));
    },
  ],
  [
    "the directories of a store",
    async ({ directory }) => {
      await using layers = await LayerStore.open(join(directory, "second"));
      await using _blocks = await BlockStore.open(join(directory, "second"));
      return layers.scratchPath;
    },
  ],
];

/** All that is in a data directory, but for directories that are made once and stay. */
async function filesIn({ directory }: Stores): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() || entry.parentPath.endsWith("/drafts"));
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

let disk: SmallDisk;

beforeAll(async () => {
  disk = await smallDisk({ mebibytes: 16, inodes: 300 });
});

afterAll(() => disk[Symbol.asyncDispose]());

/** More than a write is tried with ever more room, until it has enough. */
const mostTries = 100;

test.each(
  writes.flatMap(([name, write]) =>
    (["inodes", "space"] as const).map((lack) => [name, lack, write] as const),
  ),
)(
  "%s: without %s at any step that is said, nothing is left half made, and it works once there is room [L1, L4]",
  { timeout: 300_000 },
  async (name, lack, write) => {
    let failures = 0;
    let failed = true;
    for (let room = 0; failed && room < mostTries; room += 1) {
      await using made = new AsyncDisposableStack();
      const stores = await openStores(disk, made);
      const [files, upper] = [await filesIn(stores), readTree(stores.upper)];
      if (lack === "inodes") await disk.fillInodes({ leave: room });
      else await disk.fill({ leaveBytes: room * 4096 });
      const error = await write(stores).then(
        () => undefined,
        (error: unknown) => error,
      );
      failed = error !== undefined;
      if (failed) {
        failures += 1;
        expect(error).toMatchObject({ code: "STORAGE_FULL", status: "RESOURCE_EXHAUSTED" });
        // What is thrown away is removed in the background.
        await eventually(
          () => filesIn(stores).then(String, (error: Error) => error.message),
          (now) => now === String(files),
        );
        expect(readTree(stores.upper)).toEqual(upper);
      }
      await disk.free();
      if (!failed) break;
      const path = await write(stores);
      if (path !== undefined) await readdir(path);
    }
    expect(failed).toBe(false);
    // A rename within a directory that has room needs neither.
    if (lack === "inodes" && !name.includes("build step")) expect(failures).toBeGreaterThan(0);
    expect(await readdir(disk.path)).toEqual([]);
  },
);
