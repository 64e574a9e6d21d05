import { readdir } from "node:fs/promises";
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
