import { readdir, readFile, readlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import { findInterpreters } from "@dorian/python/interpreters";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readOperatorSettings, type OperatorSettings } from "@dorian/operator/operator-settings";
import { debianReleases } from "./python/debian-releases.ts";
import { testBuilder } from "../../test/test-builder.ts";

// A mark in every kind of setting, to be found in steps and nowhere in layers.
const mark = "operator-mark-4711";
let operator: OperatorSettings;
let builder: Awaited<ReturnType<typeof testBuilder>>;
let base: Awaited<ReturnType<typeof builder.build>>;

beforeAll(async () => {
  const own = await readOperatorSettings();
  operator = {
    ...own,
    buildEnv: { ...own.buildEnv, HF_ENDPOINT: `https://${mark}.example` },
    npmrc: `${own.npmrc}@${mark}:registry=https://${mark}.example/\n`,
    pip: { ...own.pip, options: new Map([...own.pip.options, ["trusted-host", `${mark}.example`]]) },
  };
  builder = await testBuilder({ operator });
  base = await builder.build({
    dockerfile:
      "FROM debian:bookworm-slim\nCOPY --from=dorian/node:24 / /\nENV DEBIAN_FRONTEND=noninteractive",
  });
}, 300_000);
afterAll(() => builder[Symbol.asyncDispose]());

const onBase = (lines: string) => ({
  baseLayerIds: base.layerIds,
  baseConfig: base.config,
  dockerfile: `FROM base\n${lines}`,
});

test("a Debian base is small, has nothing of this machine in it, and is made once", async () => {
  const root = builder.layers.path(base.layerIds[0] ?? "");
  for (const path of ["etc/resolv.conf", "etc/hostname", "etc/hosts"]) {
    expect(await readFile(join(root, path), "utf8")).toBe("");
  }
  expect(await readdir(join(root, "dev"))).toEqual([]);
  expect(await readdir(join(root, "var/lib/apt/lists"))).toEqual([]);
  expect(await readlink(join(root, "bin"))).toBe("usr/bin");
  expect(await builder.layers.sizeOf(base.layerIds[0] ?? "")).toBeLessThan(110_000_000);
  expect(await settingsIn(base.layerIds)).toEqual([]);
  const again = await builder.build({ dockerfile: "FROM debian:bookworm-slim" });
  expect(again.layerIds).toEqual(base.layerIds.slice(0, 1));
});

test("apt, npm and node work in steps, through the operator's settings, of which no layer has a trace [B11]", async () => {
  const built = await builder.build(
    onBase(
      [
        "RUN apt-get update && apt-get install -y --no-install-recommends hello && hello",
        "WORKDIR /root",
        "RUN npm install is-odd && node -p 'require(\"is-odd\")(3)'",
        "RUN env && cat $NPM_CONFIG_GLOBALCONFIG",
      ].join("\n"),
    ),
  );
  expect(built.log).toContain("Hello, world!");
  expect(built.log).toMatch(/^true$/m);
  expect(built.log.split(mark).length).toBeGreaterThanOrEqual(4);
  expect(built.layerIds).toHaveLength(1);
  expect(await settingsIn(built.layerIds)).toEqual([]);
  const root = builder.layers.path(built.layerIds[0] ?? "");
  expect(await readdir(join(root, "root"))).toEqual(["node_modules", "package-lock.json", "package.json"]);
  for (const lock of ["package-lock.json", "node_modules/.package-lock.json"]) {
    const text = await readFile(join(root, "root", lock), "utf8");
    expect(text).toContain("is-odd");
    expect(text).not.toContain('"resolved"');
  }
  expect(await readdir(join(root, "etc"))).not.toContain("resolv.conf");
  expect(await readdir(join(root, "run")).catch(() => [])).not.toContain("dorian");
});

/** What an official Python image is expected to have. */
const looksAtPython = [
  "RUN python --version && which python python3 pip",
  "RUN pip install --quiet --upgrade pip wheel uv && uv pip install --system six && python -c 'import six'",
  "RUN python -c 'import ssl, sqlite3, ctypes, lzma, bz2, readline, zlib, curses, uuid; print(\"all modules\")'",
  'RUN python -c \'import sysconfig, os; print("headers:", os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))\'',
  "RUN python -m venv /tmp/v && /tmp/v/bin/python -c 'import sys; print(\"venv\", sys.prefix)' && rm -r /tmp/v",
  "RUN test -e /etc/ssl/certs/ca-certificates.crt && test -e /etc/protocols && test -e /usr/share/zoneinfo/UTC",
  "RUN touch /usr/local/lib/python${PYTHON_VERSION%.*}/site-packages/here.py && python -c 'import here' && echo $LANG $PYTHON_VERSION",
].join("\n");

test("the official Python image is put together with Debian's own Python, once for all its patch versions", async () => {
  const built = await builder.build({ dockerfile: `FROM python:3.11.12-slim-bookworm\n${looksAtPython}` });
  expect(built.log).toMatch(/Python (3\.11\.\d+) stands in for 3\.11\.12/);
  expect(built.log).toMatch(/Python 3\.11\.\d+\n\/usr\/local\/bin\/python\n\/usr\/local\/bin\/python3\n/);
  expect(built.log).toMatch(/^all modules$/m);
  expect(built.log).toMatch(/^headers: True$/m);
  expect(built.log).toMatch(/^venv \/tmp\/v$/m);
  expect(built.log).toMatch(/^C\.UTF-8 3\.11\.\d+$/m);
  const [debian, python] = built.layerIds;
  expect(await settingsIn([debian ?? "", python ?? ""])).toEqual([]);
  const other = await builder.build({ dockerfile: "FROM python:3.11-slim" });
  expect(other.layerIds).toEqual([debian, python]);
}, 180_000);

const another = (await findInterpreters({ env: process.env, home: homedir() })).find(
  ({ minor }) => !debianReleases.some((release) => release.python === minor),
);

test.skipIf(another === undefined)(
  "a version that Debian lacks is a copy of this machine's Python, without what its owner installed",
  async () => {
    const { minor, version, prefix } = must(another, "a Python");
    const built = await builder.build({
      dockerfile: `FROM python:${minor}.99-slim-bookworm\n${looksAtPython}`,
    });
    expect(built.log).toContain(`Python ${version} stands in for ${minor}.99`);
    expect(built.log).toContain(`Python ${version}\n/usr/local/bin/python\n/usr/local/bin/python3\n`);
    expect(built.log).toMatch(/^all modules$/m);
    expect(built.log).toMatch(/^headers: True$/m);
    expect(built.log).toMatch(/^venv \/tmp\/v$/m);
    const copied = join(builder.layers.path(built.layerIds[1] ?? ""), "usr/local");
    expect(await readdir(join(copied, "lib", `python${minor}`, "site-packages"))).toEqual([]);
    const configuration = await readFile(join(copied, "bin", `python${minor}-config`), "utf8");
    expect(configuration).not.toContain(prefix);
  },
  180_000,
);

test("a bootstrap that is cancelled ends all its processes and leaves no mount and no file", async () => {
  const before = await builder.layers.list();
  const abort = new AbortController();
  const build = builder.build(
    { dockerfile: "FROM debian:trixie-slim" },
    {
      onLog: (_, text) => {
        if (text.includes("extracting archives")) abort.abort(new Error("cancelled by the user"));
      },
      signal: abort.signal,
    },
  );
  await expect(build).rejects.toThrow("cancelled by the user");
  expect(await builder.leftovers(before)).toEqual([]);
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  expect(mounts).not.toContain(`${builder.dataDirectory}/drafts`);
  const drafts = await readdir(join(builder.dataDirectory, "drafts"), { recursive: true });
  expect(drafts.filter((path) => path.includes("/"))).toEqual([]);
  const roots = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const inDraft = await Promise.all(roots.map((pid) => readlink(`/proc/${pid}/root`).catch(() => "")));
  expect(inDraft.filter((root) => root.startsWith(builder.dataDirectory))).toEqual([]);
});

test("what one image's step installed is there in the next image's step", async () => {
  const lists = await builder.build(onBase("RUN apt-get update"));
  const built = await builder.build({
    ...onBase("RUN apt-get install -y --no-install-recommends hello && hello -t"),
    baseLayerIds: [...base.layerIds, ...lists.layerIds],
  });
  expect(built.log).toContain("hello, world");
});

/** A script of the package dpkg that proposes Debian's own archive, which may be the operator's as well. */
const ofDpkg = "usr/lib/dpkg/methods/apt/setup";

/** Files of layers that hold, or are named after, a setting of the operator's. */
async function settingsIn(layerIds: string[]): Promise<string[]> {
  const archives = (operator.aptArchives?.sources ?? []).flatMap((source) => source.uris);
  const needles = [mark, ...archives.map((uri) => new URL(uri).host)];
  const found: string[] = [];
  for (const layerId of layerIds) {
    const entries = await readdir(builder.layers.path(layerId), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (path.endsWith(ofDpkg)) continue;
      const content = entry.isFile() ? await readFile(path, "latin1") : "";
      for (const needle of needles)
        if (entry.name.includes(needle) || content.includes(needle)) found.push(`${needle} ${path}`);
    }
  }
  return found;
}
