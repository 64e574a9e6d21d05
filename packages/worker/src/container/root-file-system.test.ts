import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountTable } from "@dorian/linux/mount-table";
import { LayerStore } from "@dorian/storage/layer-store";
import { expect, onTestFinished, test } from "vitest";
import { RootFileSystem } from "./root-file-system.ts";

async function mounted() {
  const directory = await mkdtemp(join(tmpdir(), "root-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const layers = await LayerStore.open(directory);
  onTestFinished(() => layers[Symbol.asyncDispose]());
  const lower = join(directory, "lower");
  await mkdir(join(lower, "etc"), { recursive: true });
  await writeFile(join(lower, "etc/hostname"), "");
  const root = await RootFileSystem.mount({
    lower: [lower],
    target: join(directory, "target"),
    scratch: join(directory, "scratch"),
    discard: (path) => layers.discard(path),
  });
  onTestFinished(() => root[Symbol.asyncDispose]());
  return { directory, layers, root };
}

test("freezing keeps what was written and leaves out what stood in for mounts [C3]", async () => {
  const { layers, root } = await mounted();
  await mkdir(join(root.path, "vol/models"), { recursive: true });
  await writeFile(join(root.path, "etc/resolv.conf"), "");
  await mkdir(join(root.path, "weights"));
  await writeFile(join(root.path, "weights/model.bin"), "w");
  const layerId = await root.freeze(layers, ["/vol/models", "/etc/resolv.conf", "/proc"]);
  const layer = layers.path(layerId as string);
  expect((await readdir(layer, { recursive: true })).toSorted()).toEqual([
    "etc",
    "weights",
    "weights/model.bin",
  ]);
});

test("a directory of the image whose rights were changed keeps them, though a mount's stand-in was in it", async () => {
  for (const [mode, kept] of [
    [0o711, ["etc"]],
    [0o755, undefined],
  ] as const) {
    const { directory, layers, root } = await mounted();
    await chmod(join(directory, "lower/etc"), 0o755);
    await writeFile(join(root.path, "etc/resolv.conf"), "");
    await chmod(join(root.path, "etc"), mode);
    const layerId = await root.freeze(layers, ["/etc/resolv.conf", "/etc"]);
    expect(layerId && (await readdir(layers.path(layerId)))).toEqual(kept);
  }
});

test("a stand-in that the user filled is the user's and stays", async () => {
  const { layers, root } = await mounted();
  await mkdir(join(root.path, "vol"));
  await writeFile(join(root.path, "vol/mine"), "x");
  const layerId = await root.freeze(layers, ["/vol"]);
  expect(await readdir(join(layers.path(layerId as string), "vol"))).toEqual(["mine"]);
});

test("freezing a root that nothing was written to makes no layer, and disposal leaves nothing mounted [E4]", async () => {
  const { directory, layers, root } = await mounted();
  expect(await root.freeze(layers, [])).toBeUndefined();
  await root[Symbol.asyncDispose]();
  expect((await mountTable()).filter((entry) => entry.target.startsWith(directory))).toEqual([]);
  await expect(stat(join(directory, "scratch"))).rejects.toThrow("ENOENT");
});

test("a stand-in below what is a link by now is not looked for behind it [B3]", async () => {
  for (const lead of ["absolute", "relative"]) {
    const { directory, layers, root } = await mounted();
    const host = join(directory, "host");
    await mkdir(join(host, "victim"), { recursive: true });
    await writeFile(join(host, "resolv.conf"), "");
    const target = lead === "absolute" ? host : "../../../../../../../..".concat(host);
    await mkdir(join(root.path, "x/victim"), { recursive: true });
    await rename(join(root.path, "x"), join(root.path, "y"));
    await symlink(target, join(root.path, "x"));
    await rename(join(root.path, "etc/hostname"), join(root.path, "hostname"));
    await rm(join(root.path, "etc"), { recursive: true });
    await symlink(target, join(root.path, "etc"));
    const layerId = await root.freeze(layers, ["/x/victim", "/etc/resolv.conf", "/x", "/etc"]);
    expect((await readdir(host)).toSorted()).toEqual(["resolv.conf", "victim"]);
    expect((await readdir(layers.path(layerId as string))).toSorted()).toEqual(["etc", "hostname", "x", "y"]);
  }
});
