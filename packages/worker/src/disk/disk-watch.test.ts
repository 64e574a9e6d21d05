import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppError } from "@dorian/base/app-error";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import pino from "pino";
import { expect, test } from "vitest";
import { DiskWatch } from "./disk-watch.ts";

const mebibyte = 2 ** 20;
const logger = pino({ level: "silent" });

test("a tree that grows beyond its limit is ended with the reason, and one within it is not [B16]", async () => {
  await using place = await temporaryDirectory({ "small/a": "x", "large/a": "x" });
  using disk = await DiskWatch.open({ directory: place.path, limitBytes: 16 * mebibyte, logger });
  const reasons: Record<string, AppError> = {};
  const tree = (id: string, limitBytes?: number) => ({
    id,
    directory: join(place.path, id),
    limitBytes,
    pids: async () => [],
    end: (reason: AppError) => void (reasons[id] = reason),
  });
  using _small = disk.watch(tree("small"));
  using _large = disk.watch(tree("large", 8 * mebibyte));
  await writeFile(join(place.path, "large/b"), Buffer.alloc(12 * mebibyte, 1));
  await writeFile(join(place.path, "small/b"), Buffer.alloc(12 * mebibyte, 1));
  await expect
    .poll(() => reasons["large"]?.message, { timeout: 10_000 })
    .toMatch(/12 MiB, with a limit of 8 MiB/);
  expect(reasons["small"]).toBeUndefined();
});

test("a file that has no name any more counts as long as it is open [B16]", async () => {
  await using place = await temporaryDirectory({ "tree/a": "x" });
  using disk = await DiskWatch.open({ directory: place.path, limitBytes: 8 * mebibyte, logger });
  const ended = Promise.withResolvers<AppError>();
  const path = join(place.path, "tree/hidden");
  await using file = await open(path, "w");
  await rm(path);
  using _tree = disk.watch({
    id: "tree",
    directory: join(place.path, "tree"),
    limitBytes: undefined,
    pids: async () => [process.pid],
    end: ended.resolve,
  });
  await file.write(Buffer.alloc(20 * mebibyte, 1));
  await file.sync();
  expect((await ended.promise).code).toBe("DISK_LIMIT_REACHED");
});
