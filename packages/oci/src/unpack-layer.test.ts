import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { tarOf } from "@dorian/testkit/scripted-registry";
import { expect, onTestFinished, test } from "vitest";
import { unpackLayer, type UnpackOptions } from "./unpack-layer.ts";

async function unpacking(tar: Buffer, options: Partial<UnpackOptions> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dorian-unpack-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const counting = {
    onUnpacked: () => undefined,
    onEntries: () => undefined,
    signal: new AbortController().signal,
  };
  await unpackLayer(Readable.from([tar]), root, { ...counting, ...options });
  return root;
}

test("the directories of a layer may not have more of a path than can be held [B16]", async () => {
  const entries = Array.from({ length: 40 }, (_, index) => ({
    name: `${"d".repeat(200)}/${index}`,
    type: "directory" as const,
  }));
  const tar = await tarOf(entries);
  await expect(unpacking(tar, { maxNotedBytes: 8_000 })).rejects.toMatchObject({
    code: "IMAGE_LAYER_INVALID",
    message: expect.stringContaining("the paths of its directories have more than 8000 bytes"),
  });
  const root = await unpacking(tar);
  expect(await readdir(join(root, "d".repeat(200)))).toHaveLength(40);
});

test("what is only said of entries counts as what a layer holds [B16]", async () => {
  let counted = 0;
  const tar = await tarOf([{ name: "a", content: "x", pax: { comment: "y".repeat(2_000) } }]);
  await unpacking(tar, { onUnpacked: (bytes) => (counted += bytes) });
  expect(counted).toBe(tar.length);
});

test("an archive in small pieces is read as one in large ones, and one that was cut off is no archive", async () => {
  const tar = await tarOf([
    { name: "a/b", content: "x".repeat(1_000) },
    { name: `long/${"n".repeat(150)}`, content: "" },
    { name: "a/c", content: "y".repeat(512) },
  ]);
  const root = await mkdtemp(join(tmpdir(), "dorian-unpack-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const pieces = Array.from({ length: Math.ceil(tar.length / 7) }, (_, at) =>
    tar.subarray(at * 7, at * 7 + 7),
  );
  const counting = {
    onUnpacked: () => undefined,
    onEntries: () => undefined,
    signal: new AbortController().signal,
  };
  await unpackLayer(Readable.from(pieces), root, counting);
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual(
    ["a", "a/b", "a/c", "long", `long/${"n".repeat(150)}`].toSorted(),
  );
  await expect(unpacking(tar.subarray(0, 700))).rejects.toThrow("cut off");
});
