import { execFile } from "node:child_process";
import { onTestFinished, expect, test } from "vitest";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findInterpreters } from "./interpreters.ts";

async function installed(root: string, version: string, parts = ["bin", "lib", "include"]): Promise<string> {
  const minor = version.split(".").slice(0, 2).join(".");
  const prefix = join(root, version);
  const files: Record<string, [string, string]> = {
    bin: [`bin/python${minor}`, ""],
    lib: [`lib/python${minor}/os.py`, ""],
    include: [`include/python${minor}/patchlevel.h`, `#define PY_VERSION      "${version}"\n`],
  };
  for (const part of parts) {
    const [path, content] = files[part] ?? ["", ""];
    await mkdir(join(prefix, path, ".."), { recursive: true });
    await writeFile(join(prefix, path), content);
  }
  return prefix;
}

async function scratch(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "dorian-interpreters-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("the Pythons below the operator's directories are found, newest first", async () => {
  const [home, more] = [await scratch(), await scratch()];
  await installed(join(home, ".pyenv/versions"), "3.9.18");
  await installed(join(home, ".pyenv/versions"), "3.12.1");
  await installed(join(home, ".local/share/uv/python"), "3.10.14");
  const single = await installed(more, "3.12.10");
  const found = await findInterpreters({ env: { DORIAN_PYTHONS: single }, home });
  const own = found.filter(({ prefix }) => prefix.startsWith(home) || prefix.startsWith(more));
  expect(own.map(({ version }) => version)).toEqual(["3.12.10", "3.12.1", "3.10.14", "3.9.18"]);
  expect(own[0]).toEqual({ version: "3.12.10", minor: "3.12", prefix: single });
});

test("what lacks its program, its library or its headers is no interpreter", async () => {
  const home = await scratch();
  const versions = join(home, ".pyenv/versions");
  await installed(versions, "3.9.18", ["lib", "include"]);
  await installed(versions, "3.10.1", ["bin", "include"]);
  await installed(versions, "3.11.1", ["bin", "lib"]);
  const found = await findInterpreters({ env: {}, home });
  expect(found.filter(({ prefix }) => prefix.startsWith(home))).toEqual([]);
});

test("archives of python-build-standalone for this machine are unpacked once, and found", async () => {
  const [home, archives] = [await scratch(), await scratch()];
  await installed(home, "3.12.5");
  await promisify(execFile)("mv", [join(home, "3.12.5"), join(home, "python")]);
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const pack = (name: string) =>
    promisify(execFile)("tar", ["-czf", join(archives, name), "-C", home, "python"]);
  await pack(`cpython-3.12.5+20240814-${arch}-unknown-linux-gnu-install_only.tar.gz`);
  await pack(`cpython-3.12.5+20240814-${arch}-unknown-linux-musl-install_only.tar.gz`);
  await pack("cpython-3.12.5+20240814-riscv64-unknown-linux-gnu-install_only.tar.gz");
  const unpackTo = join(home, "pythons");
  const find = () => findInterpreters({ env: { DORIAN_PYTHONS: archives }, home, unpackTo });
  const own = (await find()).filter(({ prefix }) => prefix.startsWith(home));
  expect(own).toEqual([
    {
      version: "3.12.5",
      minor: "3.12",
      prefix: join(unpackTo, `cpython-3.12.5+20240814-${arch}-unknown-linux-gnu-install_only`, "python"),
    },
  ]);
  expect((await find()).filter(({ prefix }) => prefix.startsWith(home))).toEqual(own);
  expect(await readdir(unpackTo)).toHaveLength(1);
  await writeFile(join(archives, `cpython-3.13.0-${arch}-unknown-linux-gnu-install_only.tar.gz`), "damaged");
  await expect(find()).rejects.toMatchObject({ code: "PYTHON_ARCHIVE_INVALID" });
});
