import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileLock } from "./file-lock.ts";

test("a lock keeps others out until it is let go of", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lock-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "lock");
  const first = FileLock.tryAcquire(path);
  expect(first).toBeDefined();
  expect(FileLock.tryAcquire(path)).toBeUndefined();
  first?.[Symbol.dispose]();
  using second = FileLock.tryAcquire(path);
  expect(second).toBeDefined();
});
