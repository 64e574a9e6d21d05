import { join } from "node:path";
import { text } from "node:stream/consumers";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { wheel } from "@dorian/testkit/wheel-server";
import { zipFile, type ZipEntry } from "@dorian/testkit/zip-file";
import { expect, test } from "vitest";
import { readWheelText, wheelFiles, wheelRequirements } from "./wheel-files.ts";

const name = "pkg-1.0-py3-none-any.whl";

async function filesOf(content: Uint8Array): Promise<Record<string, [number, string]>> {
  await using directory = await temporaryDirectory({ [name]: content });
  const files: Record<string, [number, string]> = {};
  for await (const file of wheelFiles(join(directory.path, name))) {
    files[file.path] = [file.mode, await text(await file.open())];
  }
  return files;
}

test("files lie where an installation puts them, programs are executable", async () => {
  const files = await filesOf(
    wheel("pkg", "1.0", {
      "pkg/__init__.py": "init",
      "pkg/tool": { content: "tool", mode: 0o100755 },
      "pkg/old.py": { content: "no mode", mode: 0 },
      "pkg-1.0.data/purelib/extra.py": "pure",
      "pkg-1.0.data/platlib/pkg/_c.so": "native",
      "pkg-1.0.data/scripts/run": "#!python",
      "pkg-1.0.data/headers/pkg.h": "header",
      "pkg-1.0.data/data/share/x.txt": "data",
    }),
  );
  expect(files).toMatchObject({
    "pkg/__init__.py": [0o644, "init"],
    "pkg/tool": [0o755, "tool"],
    "pkg/old.py": [0o644, "no mode"],
    "extra.py": [0o644, "pure"],
    "pkg/_c.so": [0o644, "native"],
    "bin/run": [0o755, "#!python"],
    "include/pkg.h": [0o644, "header"],
    "share/x.txt": [0o644, "data"],
  });
  expect(Object.keys(files)).toContain("pkg-1.0.dist-info/METADATA");
});

test.each<[string, ZipEntry]>([
  ["leads upwards", { name: "../evil.py", content: "" }],
  ["is absolute", { name: "/etc/evil.py", content: "" }],
  ["leads upwards from its data", { name: "pkg-1.0.data/purelib/../../evil.py", content: "" }],
  ["has backslashes", { name: String.raw`..\evil.py`, content: "" }],
  ["is a link", { name: "evil.py", content: "/etc/passwd", mode: 0o120777 }],
  ["is of an unknown kind", { name: "pkg-1.0.data/elsewhere/evil.py", content: "" }],
  ["has no name", { name: "pkg//evil.py", content: "" }],
])("an entry that %s is refused", async (_, entry) => {
  await expect(filesOf(zipFile([{ name: "good.py", content: "" }, entry]))).rejects.toMatchObject({
    code: "WHEEL_INVALID",
  });
});

test("two entries of one place, and what is no archive, are refused", async () => {
  const twice = zipFile([
    { name: "a.py", content: "1" },
    { name: "pkg-1.0.data/purelib/a.py", content: "2" },
  ]);
  await expect(filesOf(twice)).rejects.toMatchObject({ code: "WHEEL_INVALID" });
  await expect(filesOf(Buffer.from("no archive"))).rejects.toMatchObject({ code: "WHEEL_INVALID" });
});

test("what a wheel needs is read from the head of its METADATA", async () => {
  const content = wheel("pkg", "1.0", { "pkg/list.txt": "a==1" }, [
    "synchronicity (~=0.7.5)",
    "toml ; extra == 'x'",
  ]);
  await using directory = await temporaryDirectory({ [name]: content });
  const path = join(directory.path, name);
  expect(await wheelRequirements(path)).toEqual(["synchronicity (~=0.7.5)", "toml ; extra == 'x'"]);
  expect(await readWheelText(path, (file) => file === "pkg/list.txt")).toBe("a==1");
  expect(await readWheelText(path, (file) => file === "pkg/other.txt")).toBeUndefined();
});

test("metadata beyond all measure is not unpacked [B16]", async () => {
  const content = wheel("pkg", "1.0", { "pkg-1.0.dist-info/LARGE": "x".repeat(20 * 2 ** 20) });
  await using directory = await temporaryDirectory({ [name]: content });
  const large = readWheelText(join(directory.path, name), (path) => path.endsWith("/LARGE"));
  await expect(large).rejects.toMatchObject({ code: "WHEEL_INVALID" });
  await expect(large).rejects.toThrow(/its pkg-1\.0\.dist-info\/LARGE has 20971520 bytes/);
});
