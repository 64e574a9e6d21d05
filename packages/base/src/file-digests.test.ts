import { createHash } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileDigests } from "./file-digests.ts";

const sha = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const md5 = (content: Uint8Array) => createHash("md5").update(content).digest("hex");

async function fileOf(content: Uint8Array) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-digests-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "file");
  await writeFile(path, content);
  return await open(path);
}

/** No two pieces of it are alike. */
function numbers(bytes: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, index) => index + 1).buffer);
}

test("digests are those of the bytes of each range, however many are asked for at once", async () => {
  const content = numbers(3_000_000);
  await using file = await fileOf(content);
  await using digests = new FileDigests();
  const ranges = Array.from({ length: 40 }, (_, index) => ({
    start: index * 70_000,
    end: index * 71_000 + 9,
  }));
  const answers = await Promise.all(ranges.map((range) => digests.of(file, range, ["sha256", "md5"])));
  const expected = ranges.map(({ start, end }) => {
    const part = content.subarray(start, end);
    return { bytes: part.length, digests: [sha(part), md5(part)] };
  });
  expect(answers).toEqual(expected);
});

test("a range that goes on behind the file's end is as long as the file", async () => {
  await using file = await fileOf(Buffer.from("weights"));
  await using digests = new FileDigests();
  const {
    bytes,
    digests: [digest],
  } = await digests.of(file, { start: 2, end: 100 }, ["sha256"]);
  expect([bytes, digest]).toEqual([5, sha(Buffer.from("ights"))]);
});

test("zeros at the end count unless they are not to", async () => {
  const content = Buffer.concat([
    Buffer.from("head"),
    Buffer.alloc(600_000),
    Buffer.from("x\0y"),
    Buffer.alloc(700_000),
  ]);
  await using file = await fileOf(content);
  await using digests = new FileDigests();
  const all = { start: 0, end: content.length };
  const trimmed = { ...all, withoutTrailingZeros: true };
  const nothing = { start: 4, end: 600_004, withoutTrailingZeros: true };
  const sent = content.subarray(0, 600_007);
  expect(await digests.of(file, all, ["sha256"])).toEqual({ bytes: content.length, digests: [sha(content)] });
  expect(await digests.of(file, trimmed, ["sha256"])).toEqual({ bytes: sent.length, digests: [sha(sent)] });
  expect(await digests.of(file, nothing, ["sha256"])).toEqual({ bytes: 0, digests: [sha(Buffer.alloc(0))] });
});

test("a file that cannot be read is an error with its code, and others are answered", async () => {
  await using directory = await open(tmpdir());
  await using file = await fileOf(Buffer.from("x"));
  await using digests = new FileDigests();
  await expect(digests.of(directory, { start: 0, end: 1 }, ["sha256"])).rejects.toMatchObject({
    code: "EISDIR",
  });
  expect((await digests.of(file, { start: 0, end: 1 }, ["md5"])).digests).toEqual([md5(Buffer.from("x"))]);
});
