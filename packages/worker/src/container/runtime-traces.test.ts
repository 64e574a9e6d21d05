import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { removeRuntimeTraces } from "./runtime-traces.ts";

test("bytecode of the client and of mounted sources goes, what the build function wrote stays", async () => {
  await using upper = await temporaryDirectory({
    "pkg/modal/__pycache__/app.cpython-311.pyc": "x",
    "__modal/deps/__pycache__/x.pyc": "x",
    "root/__pycache__/app.cpython-311.pyc": "x",
    "root/package/__pycache__/module.cpython-311.pyc": "x",
    "root/generated/module.py": "x",
    "root/generated/__pycache__/module.cpython-311.pyc": "x",
    "root/.cache/hub/__pycache__/kept": "x",
    "root/weights": "x",
    "usr/lib/__pycache__/kept.pyc": "x",
  });
  await removeRuntimeTraces(upper.path);
  const left = await readdir(upper.path, { recursive: true, withFileTypes: true });
  const files = left.filter((entry) => entry.isFile());
  expect(
    files.map((entry) => `${entry.parentPath}/${entry.name}`.slice(upper.path.length + 1)).toSorted(),
  ).toEqual([
    "root/.cache/hub/__pycache__/kept",
    "root/generated/__pycache__/module.cpython-311.pyc",
    "root/generated/module.py",
    "root/weights",
    "usr/lib/__pycache__/kept.pyc",
  ]);
});

test("a link in the place of a directory of the platform leads to nothing that is removed [B3]", async () => {
  for (const place of ["root", "root/package", "pkg", "__modal", "root/__pycache__"]) {
    await using host = await temporaryDirectory({
      "__pycache__/of-the-host.pyc": "x",
      "inner/__pycache__/of-the-host.pyc": "x",
    });
    await using upper = await temporaryDirectory({ "root/package/module.pyc": "x", "etc/x": "x" });
    const path = join(upper.path, place);
    await mkdir(path, { recursive: true });
    await rename(path, join(upper.path, "was-here"));
    for (const target of [host.path, `../../../../../..${host.path}`, place.split("/").at(-1) ?? ""]) {
      await symlink(target, path);
      await removeRuntimeTraces(upper.path);
      await rm(path, { force: true });
    }
    await writeFile(path, "a file");
    await removeRuntimeTraces(upper.path);
    expect((await readdir(host.path, { recursive: true })).toSorted()).toEqual([
      "__pycache__",
      "__pycache__/of-the-host.pyc",
      "inner",
      "inner/__pycache__",
      "inner/__pycache__/of-the-host.pyc",
    ]);
  }
});
