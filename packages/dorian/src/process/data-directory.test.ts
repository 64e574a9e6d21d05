import { execFileSync } from "node:child_process";
import { chmod, chown, lchown, mkdir, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { makeDataDirectory, secureDataDirectory } from "./data-directory.ts";

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}

test("a data directory is for its owner alone, also one that was made beforehand [B14]", async () => {
  await using place = await temporaryDirectory();
  makeDataDirectory(join(place.path, "new/data"));
  expect(await modeOf(join(place.path, "new/data"))).toBe("700");
  const before = join(place.path, "before");
  await mkdir(before);
  await chmod(before, 0o755);
  makeDataDirectory(before);
  expect(await modeOf(before)).toBe("700");
  await chmod(before, 0o2777);
  await symlink(before, join(place.path, "link"));
  secureDataDirectory(join(place.path, "link"));
  expect(await modeOf(before)).toBe("700");
});

test("a data directory in somebody else's hands is refused, and left as it is [B14]", async () => {
  await using place = await temporaryDirectory();
  const at = (name: string) => join(place.path, name);
  await mkdir(at("theirs"), { mode: 0o755 });
  await chown(at("theirs"), 1234, 1234);
  expect(() => makeDataDirectory(at("theirs"))).toThrow("belongs to user 1234");
  expect(await modeOf(at("theirs"))).toBe("755");

  await mkdir(at("open/deep/data"), { recursive: true });
  for (const mode of [0o775, 0o757]) {
    await chmod(at("open"), mode);
    expect(() => makeDataDirectory(at("open/deep/data"))).toThrow(`${at("open")}, which others may write to`);
  }
  await chmod(at("open"), 0o1777);
  makeDataDirectory(at("open/deep/data"));

  await mkdir(at("shared"));
  await chmod(at("shared"), 0o777);
  await symlink(at("open/deep/data"), at("shared/data"));
  expect(() => makeDataDirectory(at("shared/data"))).toThrow("which others may write to");
  await chmod(at("shared"), 0o755);
  await lchown(at("shared/data"), 1234, 1234);
  expect(() => makeDataDirectory(at("shared/data"))).toThrow("a link that another user made");
});

test("a data directory that cannot be one says why", async () => {
  await using place = await temporaryDirectory({ file: "x" });
  expect(() => makeDataDirectory(join(place.path, "file"))).toThrow(/cannot be made: EEXIST/);
  expect(() => secureDataDirectory(join(place.path, "missing"))).toThrow(/cannot be used: ENOENT/);
});

test("a data directory on a file system that is read-only says so, be it there or not", async () => {
  await using place = await temporaryDirectory({ "mounted/file": "x" });
  const mounted = join(place.path, "mounted");
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "none", mounted]);
  try {
    await mkdir(join(mounted, "there"));
    execFileSync("mount", ["-o", "remount,ro", mounted]);
    expect(() => makeDataDirectory(join(mounted, "there"))).toThrow(/cannot be used: EROFS/);
    expect(() => makeDataDirectory(join(mounted, "missing"))).toThrow(/cannot be made: EROFS/);
  } finally {
    execFileSync("umount", [mounted]);
  }
});
