import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readBlob } from "./read-blob.ts";

test("a blob is read when it can be passed on, and refused by its size before it is read", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-blob-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "sum"), "content");
  const sizes: Record<string, number> = { "bl-small": 7, "bl-large": 10 ** 12 };
  const stores = {
    blobs: {
      requireComplete: (blobId: string) => ({
        blobId,
        sha256: "sum",
        size: sizes[blobId] ?? 0,
        createdAtMs: 0,
        createdBy: "",
        scope: undefined,
      }),
    },
    blocks: { path: (sha: string) => join(directory, sha) },
  };
  expect(Buffer.from(await readBlob("bl-small", stores)).toString()).toBe("content");
  await expect(readBlob("bl-large", stores)).rejects.toMatchObject({ code: "BLOB_TOO_LARGE" });
});
