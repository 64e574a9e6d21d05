import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { unpackArchive } from "./add-sources.ts";

test("where the program for a compressed archive is missing, it is named with its package", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-add-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const archive = join(directory, "a.tar.xz");
  execFileSync("tar", ["-cJf", archive, "-C", directory, "--files-from=/dev/null"]);
  const searchPath = join(directory, "bin");
  await mkdir(searchPath);
  for (const name of ["sh", "nice", "tar"]) await symlink(`/usr/bin/${name}`, join(searchPath, name));
  const signal = new AbortController().signal;
  await expect(unpackArchive(archive, { directory, signal, searchPath })).rejects.toMatchObject({
    code: "HOST_TOOL_MISSING",
    message: "The program xz is not installed on this machine.",
    remedy: "Install it with `apt-get install xz-utils`.",
  });
  expect(await unpackArchive(archive, { directory, signal })).toContain(directory);
});
