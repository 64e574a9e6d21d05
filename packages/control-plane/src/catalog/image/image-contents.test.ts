import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { createWhiteout } from "@dorian/linux/overlay-marks";
import { expect, onTestFinished, test } from "vitest";
import { pythonRuntimeOf, readImageContents } from "./image-contents.ts";

/** A layer: files by path; a link is written as "-> target", a deletion as undefined. */
async function layer(files: Record<string, string | undefined>): Promise<string> {
  const directory = await temporaryDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  for (const [path, content] of Object.entries(files)) {
    const at = join(directory.path, path);
    await mkdir(dirname(at), { recursive: true });
    if (content === undefined) createWhiteout(at);
    else if (content.startsWith("-> ")) await symlink(content.slice(3), at);
    else await writeFile(at, content);
  }
  return directory.path;
}

const header = (version: string) => `#define PY_VERSION              "${version}"\n`;
const glibc = "\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n\0";

test("the Python on the image's PATH is found through its links, with its packages across layers", async () => {
  const base = await layer({
    bin: "-> usr/bin",
    lib: "-> usr/lib",
    "usr/lib/x86_64-linux-gnu/libc.so.6": glibc,
    "usr/local/bin/python3.12": "ELF",
    "usr/local/bin/python3": "-> python3.12",
    "usr/local/bin/python": "-> /usr/local/bin/python3",
    "usr/local/include/python3.12/patchlevel.h": header("3.12.1"),
    "usr/local/lib/python3.12/site-packages/pip-23.2.1.dist-info/METADATA": "",
    "usr/local/lib/python3.12/site-packages/old-1.0.dist-info/METADATA": "",
  });
  const added = await layer({
    "usr/local/lib/python3.12/site-packages/Ruamel.Yaml-0.18.dist-info/METADATA": "",
    "usr/local/lib/python3.12/site-packages/old-1.0.dist-info": undefined,
  });
  const contents = await readImageContents([base, added]);
  expect(contents).toEqual({
    pythonVersion: "3.12.1",
    packages: { pip: "23.2.1", "ruamel-yaml": "0.18" },
    libc: { kind: "glibc", version: "2.36" },
  });
  expect(pythonRuntimeOf(contents)).toEqual({ pythonMinor: "3.12", libc: "manylinux" });
});

test("Debian's own Python has packages of pip and of apt; its version is in the program when there are no headers", async () => {
  const root = await layer({
    "usr/bin/python3.11": "ELF\0%.80s\u00003.11.2\u0000more\u0000",
    "usr/bin/python3": "-> python3.11",
    "usr/lib/python3.11/os.py": "",
    "usr/local/lib/python3.11/dist-packages/six-1.16.0.dist-info/METADATA": "",
    "usr/lib/python3/dist-packages/wheel-0.38.4.dist-info/METADATA": "",
  });
  expect(await readImageContents([root])).toEqual({
    pythonVersion: "3.11.2",
    packages: { six: "1.16.0", wheel: "0.38.4" },
  });
});

test("a virtual environment that comes first on PATH counts, with its own packages", async () => {
  const root = await layer({
    "usr/local/bin/python3.11": "ELF",
    "usr/local/include/python3.11/patchlevel.h": header("3.11.12"),
    "usr/local/lib/python3.11/site-packages/outside-1.0.dist-info/METADATA": "",
    ".uv/.venv/pyvenv.cfg": "home = /usr/local/bin\n",
    ".uv/.venv/bin/python": "-> /usr/local/bin/python3.11",
    ".uv/.venv/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA": "",
  });
  expect(await readImageContents([root], "/.uv/.venv/bin:/usr/local/bin")).toEqual({
    pythonVersion: "3.11.12",
    packages: { six: "1.16.0" },
  });
});

test("an image without Python says so, and a musl one what it is", async () => {
  const root = await layer({
    [`lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]: "\u00001.2.4\u0000",
  });
  const contents = await readImageContents([root]);
  expect(contents).toEqual({ packages: {}, libc: { kind: "musl", version: "1.2.4" } });
  expect(pythonRuntimeOf(contents)).toBeUndefined();
});
