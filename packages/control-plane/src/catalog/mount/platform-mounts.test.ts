import { execFile } from "node:child_process";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { defaultBorder } from "@dorian/operator/network-border";
import { BlockStore } from "@dorian/storage/block-store";
import { LayerStore } from "@dorian/storage/layer-store";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { wheel, WheelServer } from "@dorian/testkit/wheel-server";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Interpreter } from "@dorian/python/interpreters";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { MountNames } from "./mount-names.ts";
import { MountStore } from "./mount-store.ts";
import { openPlatformMounts } from "./open-platform-mounts.ts";

const list =
  "aiohttp==3.12.7 ; python_version < '3.14'\naiohttp==3.13.2 ; python_version >= '3.14'\ncertifi==2026.1.9\n";

function clientWheels(): Record<string, Buffer> {
  return {
    "modal-1.9.0-py3-none-any.whl": wheel(
      "modal",
      "1.9.0",
      {
        "modal/__init__.py": "answer = 42\n",
        "modal/.hidden": "",
        "modal/__pycache__/__init__.cpython-311.pyc": "",
        "modal/builder/2025.06.txt": list,
        "modal_proto/api_pb2.py": "proto = 1\n",
        "modal_version/__init__.py": '__version__ = "1.9.0"\n',
        "modal_docs/gen.py": "",
      },
      ["aiohttp", "synchronicity~=0.12.5"],
    ),
    "synchronicity-0.12.4-py3-none-any.whl": wheel("synchronicity", "0.12.4"),
    "synchronicity-0.12.6-py3-none-any.whl": wheel("synchronicity", "0.12.6", {
      "synchronicity/__init__.py": "sync = 1\n",
    }),
    "synchronicity-0.13.0-py3-none-any.whl": wheel("synchronicity", "0.13.0"),
    "aiohttp-3.12.7-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": wheel("aiohttp", "3.12.7", {
      "aiohttp/__init__.py": "for311 = 1\n",
      "aiohttp/_c.so": "native",
    }),
    "aiohttp-3.12.7-cp311-cp311-musllinux_1_2_x86_64.whl": wheel("aiohttp", "3.12.7", {
      "aiohttp/__init__.py": "musl = 1\n",
    }),
    "certifi-2026.1.4-py3-none-any.whl": wheel("certifi", "2026.1.4", { "certifi/__init__.py": "" }),
    "certifi-2025.9.1-py3-none-any.whl": wheel("certifi", "2025.9.1"),
  };
}

async function open(
  files: Record<string, Buffer>,
  options: { directory?: string; interpreters?: Interpreter[] } = {},
) {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const directory = options.directory ?? stack.use(await temporaryDirectory()).path;
  const server = stack.use(await WheelServer.open({ files }));
  const db = await openDatabase(join(directory, "state.db"));
  stack.defer(() => db.destroy());
  const journal = stack.use(new Journal(db));
  const layers = stack.use(await LayerStore.open(directory));
  const blocks = stack.use(await BlockStore.open(directory));
  const mounts = await MountStore.load({ db, journal, layers, blocks, nowMs: Date.now });
  const platform = stack.use(
    await openPlatformMounts({
      mounts,
      names: await MountNames.load({ db, journal, nowMs: Date.now }),
      blocks,
      journal,
      dataDirectory: directory,
      logger: pino({ level: "silent" }),
      settings: {
        pip: { options: new Map([["index-url", server.url]]) },
        proxyEnv: {},
        certificates: undefined,
        networkBorder: defaultBorder,
      },
      findInterpreters: async () => options.interpreters ?? [],
    }),
  );
  const contentOf = async (mountId: string) => {
    const root = layers.path(await mounts.layerOf(mountId));
    const names = await readdir(root, { recursive: true, withFileTypes: true });
    const found = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
    return Object.fromEntries(
      await Promise.all(
        found.map(async (path) => [path.slice(root.length), await readFile(path, "utf8")] as const),
      ),
    );
  };
  return { platform, server, layers, mounts, contentOf, close: () => stack.disposeAsync() };
}

test("the client's mount holds its packages and the one it is built on, and is made once, also for many at once", async () => {
  await using directory = await temporaryDirectory();
  const first = await open(clientWheels(), { directory: directory.path });
  const name = "modal-client-mount-1.9.0";
  const asked = await Promise.all(Array.from({ length: 4 }, () => first.platform.lookup(name)));
  const [mount] = asked;
  expect(new Set(asked.map((each) => each?.mountId)).size).toBe(1);
  expect(await first.contentOf(mount?.mountId ?? "")).toEqual({
    "/pkg/modal/__init__.py": "answer = 42\n",
    "/pkg/modal/builder/2025.06.txt": list,
    "/pkg/modal_proto/api_pb2.py": "proto = 1\n",
    "/pkg/modal_version/__init__.py": '__version__ = "1.9.0"\n',
    "/pkg/synchronicity/__init__.py": "sync = 1\n",
  });
  expect(first.server.requests.filter((path) => path.startsWith("/files"))).toHaveLength(2);
  await first.close();

  const again = await open({}, { directory: directory.path });
  expect((await again.platform.lookup(name))?.mountId).toBe(mount?.mountId);
  expect(again.server.requests).toEqual([]);
});

test("a mount whose content the disk lost is made again", async () => {
  const { platform, mounts, layers, contentOf } = await open(clientWheels());
  const name = "modal-client-mount-1.9.0";
  const mount = await platform.lookup(name);
  await rm(layers.path(mount?.layerId ?? ""), { recursive: true });
  const again = await platform.lookup(name);
  expect(again?.layerId).not.toBe(mount?.layerId);
  await mounts.remove(again as never);
  const third = await platform.lookup(name);
  expect(await contentOf(third?.mountId ?? "")).toHaveProperty(["/pkg/modal/__init__.py"]);
});

test("a version that no index has is an error that names the index, and other names are not the platform's", async () => {
  const { platform, server } = await open(clientWheels());
  await expect(platform.lookup("modal-client-mount-7.0.0")).rejects.toMatchObject({
    code: "WHEEL_NOT_FOUND",
    status: "NOT_FOUND",
    message: expect.stringContaining(server.url),
  });
  expect(await platform.lookup("something-else")).toBeUndefined();
});

test("the dependencies fit the container's Python, and what an index lacks is replaced by its neighbour", async () => {
  const { platform, contentOf } = await open(clientWheels());
  const wanted = { builderVersion: "2025.06", clientVersion: "1.9.0", pythonMinor: "3.11" };
  const mountId = await platform.dependencyMount({ ...wanted, libc: "manylinux" });
  const content = await contentOf(mountId);
  expect(content).toMatchObject({
    "/__modal/deps/aiohttp/__init__.py": "for311 = 1\n",
    "/__modal/deps/aiohttp/_c.so": "native",
    "/__modal/deps/certifi/__init__.py": "",
    "/pkg/sitecustomize.py": expect.stringContaining('sys.path.append("/__modal/deps")'),
  });
  expect(Object.keys(content)).toContain("/__modal/deps/certifi-2026.1.4.dist-info/METADATA");
  const musl = await platform.dependencyMount({ ...wanted, libc: "musllinux" });
  expect(await contentOf(musl)).toMatchObject({ "/__modal/deps/aiohttp/__init__.py": "musl = 1\n" });
  expect(await platform.dependencyMount({ ...wanted, libc: "manylinux" })).toBe(mountId);
  await expect(
    platform.dependencyMount({ ...wanted, pythonMinor: "3.14", libc: "manylinux" }),
  ).rejects.toMatchObject({
    code: "WHEEL_NOT_FOUND",
    message: expect.stringContaining("aiohttp==3.13.2"),
  });
  await expect(
    platform.dependencyMount({ ...wanted, builderVersion: "2020.01", libc: "manylinux" }),
  ).rejects.toMatchObject({ code: "BUILDER_VERSION_UNKNOWN" });
});

test("the client is compiled by a Python of the machine, and used without a look at its sources", async () => {
  const ask = "import sys; print('%d.%d' % sys.version_info[:2])";
  const { stdout } = await promisify(execFile)("/usr/bin/python3", ["-c", ask]);
  const pythonMinor = stdout.trim();
  const { platform, mounts, layers } = await open(clientWheels());
  const mountId = await platform.bytecodeMount({ clientVersion: "1.9.0", pythonMinor });
  const root = layers.path(await mounts.layerOf(mountId ?? ""));
  const compiled = join(root, `pkg/modal/__pycache__/__init__.cpython-${pythonMinor.replace(".", "")}.pyc`);
  const header = await readFile(compiled);
  expect(header.readUInt32LE(4)).toBe(1);
  expect(header.includes("/pkg/modal/__init__.py")).toBe(true);
  await expect(stat(join(root, "pkg/modal/__init__.py"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(await platform.bytecodeMount({ clientVersion: "1.9.0", pythonMinor: "3.99" })).toBeUndefined();
});

test("a Python of the machine becomes a mount for images, without what its owner installed", async () => {
  await using machine = await temporaryDirectory({
    "3.11.7/bin/python3.11": "#!/bin/sh\nexit 0\n",
    "3.11.7/bin/flask": "the owner's",
    "3.11.7/include/python3.11/patchlevel.h": "",
    "3.11.7/lib/python3.11/os.py": "os",
    "3.11.7/lib/python3.11/test/test_os.py": "test",
    "3.11.7/lib/python3.11/site-packages/flask.py": "the owner's",
    "3.11.7/lib/python3.11/ensurepip/_bundled/pip-9.0-py3-none-any.whl": wheel("pip", "9.0"),
    "3.11.7/lib/python3.11/ensurepip/_bundled/pip-23.0-py3-none-any.whl": wheel("pip", "23.0", {
      "pip/__init__.py": "pip",
    }),
  });
  const prefix = join(machine.path, "3.11.7");
  await promisify(execFile)("chmod", ["755", join(prefix, "bin/python3.11")]);
  const interpreters = [{ version: "3.11.7", minor: "3.11", prefix }];
  const { platform, contentOf, layers, mounts } = await open({}, { interpreters });
  const mount = await platform.lookup("python-build-standalone.20230826.3.11.5-gnu");
  const content = await contentOf(mount?.mountId ?? "");
  expect(
    Object.keys(content)
      .filter((path) => !path.includes("ensurepip"))
      .toSorted(),
  ).toEqual([
    "/python/bin/pip",
    "/python/bin/pip3",
    "/python/bin/pip3.11",
    "/python/bin/python3",
    "/python/bin/python3.11",
    "/python/include/python3.11/patchlevel.h",
    "/python/lib/python3.11/os.py",
    "/python/lib/python3.11/site-packages/pip-23.0.dist-info/METADATA",
    "/python/lib/python3.11/site-packages/pip/__init__.py",
  ]);
  expect(content["/python/bin/pip3"]).toMatch(/^#!\/usr\/local\/bin\/python3\.11\n/);
  const root = layers.path(await mounts.layerOf(mount?.mountId ?? ""));
  expect((await stat(join(root, "python/bin/python3"))).mode & 0o777).toBe(0o755);
  const newer = await platform.lookup("python-build-standalone.20261021.3.11.17-gnu");
  expect(await contentOf(newer?.mountId ?? "")).toHaveProperty(["/python/bin/python"]);
  await expect(platform.lookup("python-build-standalone.20240107.3.12.1-gnu")).rejects.toMatchObject({
    code: "PYTHON_NOT_FOUND",
    message: expect.stringContaining("it has 3.11"),
  });
});
