import { existsSync } from "node:fs";
import { readdir, readFile, readlink, stat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { libc } from "@dorian/linux/libc";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import type { LayerStore } from "@dorian/storage/layer-store";
import { expect, onTestFinished, test } from "vitest";
import { testPull } from "../test/test-pull.ts";

async function view(layers: LayerStore, layerIds: string[], directory: string): Promise<string> {
  const target = join(directory, "view");
  await mkdir(target);
  mountOverlay(target, { lower: layerIds.map((id) => layers.path(id)) });
  onTestFinished(() => void unmount(target));
  return target;
}

test("an image's layers stack to the file system that it describes, with gzip and zstd, deletions and attributes", async () => {
  const { layers, pull, push, registry, directory } = await testPull();
  await push(
    "team/app",
    [
      [
        { name: "etc/", type: "directory", mode: 0o755 },
        { name: "etc/gone", content: "x" },
        {
          name: "etc/kept",
          content: "kept",
          mode: 0o4755,
          uid: 7,
          gid: 8,
          mtime: new Date(1_000_000_000_000),
        },
        { name: "old/", type: "directory" },
        { name: "old/a", content: "a" },
        { name: "dir/", type: "directory" },
        { name: "dir/a", content: "a" },
        { name: "bin", type: "symlink", linkname: "usr/bin" },
        { name: "usr/bin/", type: "directory" },
        { name: "bin/tool", content: "through a link" },
        { name: "usr/hard", type: "link", linkname: "etc/kept" },
        {
          name: "ping",
          content: "p",
          pax: { "SCHILY.xattr.security.capability": "\x01\0\0\x02\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0" },
        },
      ],
      [
        { name: "etc/.wh.gone" },
        { name: "old/.wh..wh..opq" },
        { name: "old/b", content: "b" },
        { name: ".wh.dir" },
        { name: "only/", type: "directory" },
        { name: "only/.wh.nothing" },
      ],
    ],
    { Env: ["PATH=/x", "A=b=c"], WorkingDir: "/w", User: "me", Cmd: ["run"], Entrypoint: null },
  );

  const image = await pull(`${registry.host}/team/app:1`);

  expect(image.config).toEqual({
    env: { PATH: "/x", A: "b=c" },
    workdir: "/w",
    user: "me",
    shell: [],
    entrypoint: [],
    cmd: ["run"],
  });
  const root = await view(layers, image.layerIds, directory);
  expect((await readdir(root)).toSorted()).toEqual(["bin", "etc", "old", "only", "ping", "usr"]);
  expect(await readdir(join(root, "etc"))).toEqual(["kept"]);
  expect(await readdir(join(root, "old"))).toEqual(["b"]);
  expect(await readdir(join(root, "only"))).toEqual([]);
  expect(await readlink(join(root, "bin"))).toBe("usr/bin");
  expect(await readFile(join(root, "usr/bin/tool"), "utf8")).toBe("through a link");
  const kept = await stat(join(root, "etc/kept"));
  expect(kept).toMatchObject({ uid: 7, gid: 8, mtimeMs: 1_000_000_000_000, nlink: 2 });
  expect(kept.mode & 0o7777).toBe(0o4755);
  const capability = Buffer.alloc(64);
  const length = Number(
    libc.lgetxattr(join(root, "ping"), "security.capability", capability, capability.length),
  );
  expect(capability.subarray(0, length).toString("hex")).toBe("0100000200200000000000000000000000000000");
});

test("a layer that two images share is fetched and stored once [E3]", async () => {
  const { pull, push, registry, layers } = await testPull();
  const shared = [{ name: "shared", content: "s" }];
  await push("one", [shared, [{ name: "one", content: "1" }]]);
  await push("two", [shared, [{ name: "two", content: "2" }]]);
  const one = await pull(`${registry.host}/one:1`);
  const two = await pull(`${registry.host}/two:1`);
  expect(two.layerIds[0]).toBe(one.layerIds[0]);
  expect(await layers.list()).toHaveLength(3);
});

test.each([
  ["a name with ..", { name: "../escaped", content: "x" }],
  ["a link that leads out", { name: "link", type: "symlink" as const, linkname: "/tmp" }],
])("nothing is written outside the layer by %s", async (_, entry) => {
  const { pull, push, registry } = await testPull();
  const mark = `escaped-${process.pid}`;
  await push("bad", [[entry, { name: `link/${mark}`, content: "x" }]]);
  const outcome = await pull(`${registry.host}/bad:1`).then(
    () => "pulled",
    (error: { code: string }) => error.code,
  );
  expect(outcome).toBe(entry.name.startsWith("..") ? "IMAGE_LAYER_INVALID" : "pulled");
  expect(existsSync(join("/tmp", mark))).toBe(false);
});

test("bytes that do not have their digest are refused and leave nothing", async () => {
  const { pull, push, registry, layers, directory } = await testPull();
  await push("app", [[{ name: "a", content: "a" }]]);
  registry.corrupt = true;
  await expect(pull(`${registry.host}/app:1`)).rejects.toMatchObject({ code: "REGISTRY_CONTENT_CORRUPT" });
  expect(await layers.list()).toEqual([]);
  const drafts = await readdir(join(directory, "drafts"), { recursive: true, withFileTypes: true });
  expect(drafts.filter((entry) => entry.name === "a")).toEqual([]);
});

test("a layer is fetched again when the connection breaks", async () => {
  const { pull, push, registry, log } = await testPull();
  await push("app", [[{ name: "a", content: "a".repeat(100_000) }]]);
  registry.breakOff = 2;
  expect((await pull(`${registry.host}/app:1`)).layerIds).toHaveLength(1);
  expect(log.join("")).toContain("the connection broke, trying again");
});

test("a private image is pulled with the operator's credentials, and named as such without", async () => {
  const credentials = new Map<string, { username: string; password: string }>();
  const { pull, push, registry } = await testPull({ credentials });
  registry.account = { username: "me", password: "pa:ss" };
  await push("private", [[{ name: "a", content: "a" }]]);
  await expect(pull(`${registry.host}/private:1`)).rejects.toMatchObject({ code: "REGISTRY_ACCESS_DENIED" });
  credentials.set(registry.host, { username: "me", password: "pa:ss" });
  expect((await pull(`${registry.host}/private:1`)).layerIds).toHaveLength(1);
});

test("a mirror is asked first, and the next place when it does not answer", async () => {
  const mirrors = new Map<string, string[]>();
  const { pull, push, registry, log } = await testPull({ mirrors });
  await push("library/thing", [[{ name: "a", content: "a" }]]);
  mirrors.set("docker.io", ["http://127.0.0.1:1", `http://${registry.host}`]);
  expect((await pull("thing:1")).layerIds).toHaveLength(1);
  expect(log.join("")).toContain("127.0.0.1:1 cannot be reached");
});

test("an unknown tag, a missing platform and a dead registry are told apart", async () => {
  const { pull, registry } = await testPull();
  await registry.push("app", "arm", { layers: [], architecture: "s390x" });
  await expect(pull(`${registry.host}/app:2`)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
  await expect(pull(`${registry.host}/app:arm`)).rejects.toMatchObject({ code: "IMAGE_PLATFORM_MISSING" });
  await expect(pull("127.0.0.1:1/app:1")).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
});

test("an aborted pull ends with the reason and leaves no layer", async () => {
  const { pull, push, registry, layers } = await testPull();
  await push("app", [[{ name: "a", content: "a" }]]);
  await expect(pull(`${registry.host}/app:1`, AbortSignal.abort("enough"))).rejects.toBe("enough");
  expect(await layers.list()).toEqual([]);
});
