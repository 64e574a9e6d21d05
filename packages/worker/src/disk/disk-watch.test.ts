import { execFile } from "node:child_process";
import { mkdir, open, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AppError } from "@dorian/base/app-error";
import { smallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import pino from "pino";
import { expect, test } from "vitest";
import { DiskWatch } from "./disk-watch.ts";

const run = promisify(execFile);
const mebibyte = 2 ** 20;
const logger = pino({ level: "silent" });

test("a tree that grows beyond its limit is ended with the reason, and one within it is not [B16]", async () => {
  await using place = await temporaryDirectory({ "small/a": "x", "large/a": "x" });
  using disk = await DiskWatch.open({ directory: place.path, limitBytes: 16 * mebibyte, logger });
  const reasons: Record<string, AppError> = {};
  const tree = (id: string, limitBytes?: number) => ({
    id,
    directories: () => [join(place.path, id)],
    limitBytes,
    pids: async () => [],
    freeze: async () => new AsyncDisposableStack(),
    end: (reason: AppError) => void (reasons[id] = reason),
  });
  using _small = disk.watch(tree("small"));
  using _large = disk.watch(tree("large", 8 * mebibyte));
  await writeFile(join(place.path, "large/b"), Buffer.alloc(12 * mebibyte, 1));
  await writeFile(join(place.path, "small/b"), Buffer.alloc(12 * mebibyte, 1));
  await expect.poll(() => reasons["large"]?.message).toMatch(/12 MiB, with a limit of 8 MiB/);
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
    directories: () => [join(place.path, "tree")],
    limitBytes: undefined,
    pids: async () => [process.pid],
    freeze: async () => new AsyncDisposableStack(),
    end: ended.resolve,
  });
  await file.write(Buffer.alloc(20 * mebibyte, 1));
  await file.sync();
  expect((await ended.promise).code).toBe("DISK_LIMIT_REACHED");
});

test("on a disk that is nearly full all stand still, the largest is ended, and the others go on [B16]", async () => {
  await using small = await smallDisk({ mebibytes: 256 });
  const events: string[] = [];
  using disk = await DiskWatch.open({ directory: small.path, limitBytes: 1024 * mebibyte, logger });
  const tree = async (id: string) => {
    await mkdir(join(small.path, id));
    return disk.watch({
      id,
      directories: () => [join(small.path, id)],
      limitBytes: undefined,
      pids: async () => [],
      freeze: async () => {
        events.push(`freeze ${id}`);
        return { [Symbol.asyncDispose]: async () => void events.push(`thaw ${id}`) };
      },
      end: (reason) => {
        events.push(`end ${id}: ${reason.code}`);
        void rm(join(small.path, id, "a"));
      },
    });
  };
  using _modest = await tree("modest");
  using _greedy = await tree("greedy");
  await writeFile(join(small.path, "modest/a"), Buffer.alloc(20 * mebibyte, 1));
  const { bavail, bsize } = await statfs(small.path);
  const left = bavail * bsize - 8 * mebibyte;
  await run("fallocate", ["-l", String(left), join(small.path, "greedy/a")]);
  await expect.poll(() => events.includes("thaw modest")).toBe(true);
  expect(events.slice(0, 3)).toEqual(["freeze modest", "freeze greedy", "end greedy: DISK_SHORT"]);
  expect(events.toSorted().slice(-2)).toEqual(["thaw greedy", "thaw modest"]);
  expect(events).toHaveLength(5);
});
