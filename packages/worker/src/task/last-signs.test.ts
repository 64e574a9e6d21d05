import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { ownSignal, placeForOwnSignal, saysHeapFull } from "./last-signs.ts";

test("the signal that a guest wrote down is read, and nothing else that lies in its place [A5]", async () => {
  const directory = await mkdtemp(join(tmpdir(), "last-signs-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "own-signal");
  expect(await ownSignal(directory)).toBe("");
  placeForOwnSignal(directory);
  expect(await ownSignal(directory)).toBe("");
  expect((await stat(path)).mode & 0o777).toBe(0o666);
  await writeFile(path, "SIGKILL");
  expect(await ownSignal(directory)).toBe("SIGKILL");
  await writeFile(path, "SIG".padEnd(100_000, "A"));
  expect((await ownSignal(directory)).length).toBeLessThan(20);
  for (const put of [
    async () => await writeFile(path, "rm -rf /"),
    async () => await symlink("/etc/hostname", path),
    async () => void (await promisify(execFile)("mkfifo", [path])),
    async () => void (await promisify(execFile)("mkdir", [path])),
  ]) {
    await rm(path, { recursive: true, force: true });
    await put();
    expect(await ownSignal(directory)).toBe("");
  }
});

test("what V8 says when its heap is full is told from other words [A5]", async () => {
  const script = "const all = []; for (;;) all.push(new Array(1000).fill(all.length));";
  const failed = await promisify(execFile)(process.execPath, ["--max-old-space-size=20", "-e", script]).catch(
    (error: unknown) => error as { stderr: string; signal: string },
  );
  expect(saysHeapFull(Buffer.from(failed.stderr))).toBe(true);
  expect(saysHeapFull(Buffer.from("heap"))).toBe(false);
});
