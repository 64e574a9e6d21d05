import { lstat, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { setFileTimes } from "./file-times.ts";

test.for([1_700_000_000_123_456_789n, 0n, -1n])(
  "sets %d to the nanosecond, on a link itself",
  async (mtimeNs) => {
    const directory = await mkdtemp(join(tmpdir(), "times-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = join(directory, "link");
    await symlink("nowhere", path);
    setFileTimes(path, { atimeNs: 5n, mtimeNs });
    expect(await lstat(path, { bigint: true })).toMatchObject({ mtimeNs, atimeNs: 5n });
  },
);
