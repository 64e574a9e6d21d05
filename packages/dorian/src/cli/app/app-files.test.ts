import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { App, Image } from "@dorian/sdk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";
import { filesOfApp } from "./app-files.ts";
import { FileWatch } from "./file-watch.ts";

/** Watches an app whose image takes along a directory. */
async function watchOver(directory: string, ignore: string[] = []) {
  const app = new App("watched", { image: Image.debianSlim().addLocalDir(directory, "/data", { ignore }) });
  const watch = new FileWatch();
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    watch[Symbol.dispose]();
  });
  watch.setTargets(await filesOfApp(app, []));
  const changes = watch.changes({ signal: stop.signal });
  return async () => (await changes.next()).value as string[];
}

test("an edit behind a link is told: what leads to a directory or a file is uploaded as what it leads to [A12]", async () => {
  await using elsewhere = await temporaryDirectory({ "deep/inside.txt": "1", "single.txt": "1" });
  await using root = await temporaryDirectory({ "own.txt": "1" });
  await symlink(elsewhere.path, join(root.path, "linked"));
  await symlink(join(elsewhere.path, "single.txt"), join(root.path, "alone.txt"));
  const next = await watchOver(root.path, ["linked/single.txt"]);
  await writeFile(join(elsewhere.path, "deep/inside.txt"), "2");
  expect(await next()).toEqual([join(root.path, "linked/deep/inside.txt")]);
  await writeFile(join(elsewhere.path, "single.txt"), "2");
  expect(await next()).toEqual([join(elsewhere.path, "single.txt")]);
});

test("a link in a circle does not keep the rest from being watched [A12]", async () => {
  await using root = await temporaryDirectory({ "a/file": "1", "z/file": "1" });
  await symlink("..", join(root.path, "a/up"));
  await mkdir(join(root.path, "ignored"));
  const next = await watchOver(root.path, ["ignored"]);
  await writeFile(join(root.path, "ignored/file"), "2");
  await writeFile(join(root.path, "z/file"), "2");
  expect(await next()).toEqual([join(root.path, "z/file")]);
});
