import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { commitOf, withoutCredentials } from "./commit-of.ts";

const { signal } = new AbortController();

test("a directory in a repository has its commit, and whether files were changed since", async () => {
  await using project = await temporaryDirectory({ "app.ts": "1" });
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: project.path, encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch", "trunk");
  git("add", ".");
  git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "First");
  git("remote", "add", "origin", "https://ada:secret@example.com/apps.git");
  expect(await commitOf(project.path, { signal })).toMatchObject({
    vcs: "git",
    commitHash: git("rev-parse", "HEAD"),
    branch: "trunk",
    dirty: false,
    authorName: "Ada",
    authorEmail: "ada@example.com",
    repoUrl: "https://example.com/apps.git",
  });
  await writeFile(join(project.path, "app.ts"), "2");
  expect(await commitOf(project.path, { signal })).toMatchObject({ dirty: true });
});

test("a directory outside of a repository has none", async () => {
  await using project = await temporaryDirectory();
  expect(await commitOf(project.path, { signal })).toBeUndefined();
});

test.each([
  ["https://token@example.com/a.git", "https://example.com/a.git"],
  ["https://example.com/a@b.git", "https://example.com/a@b.git"],
  ["git@example.com:a.git", "git@example.com:a.git"],
])("%s is told as %s", (address, told) => {
  expect(withoutCredentials(address)).toBe(told);
});
