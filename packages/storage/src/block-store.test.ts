import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";

const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"))
    .map((entry) => entry.name);
}

test("identical content is stored once, however it came [E3]", async () => {
  await using storage = await TemporaryStorage.open();
  const { blocks } = storage;
  const first = await blocks.put(Buffer.from("weights"));
  const before = await lstat(blocks.path(first.sha));
  const again = await Promise.all([
    blocks.put(pieces("wei", "", "ghts")),
    blocks.put(Buffer.from("weights")),
  ]);
  expect(again).toEqual([first, first]);
  expect((await lstat(blocks.path(first.sha))).ino).toBe(before.ino);
  expect(await filesIn(join(storage.directory, "blocks"))).toEqual([first.sha]);
  expect(await readFile(blocks.path(first.sha), "utf8")).toBe("weights");
  expect(first).toEqual({ sha: digest(Buffer.from("weights")), size: 7 });
});

test("content that is not what it should be is refused and not kept", async () => {
  await using storage = await TemporaryStorage.open();
  const expectedSha = digest(Buffer.from("right"));
  await expect(storage.blocks.put(pieces("wrong"), { expectedSha })).rejects.toMatchObject({
    code: "BLOCK_DIGEST_MISMATCH",
  });
  expect(await storage.blocks.has(expectedSha)).toBe(false);
  expect(await filesIn(join(storage.directory, "blocks"))).toEqual([]);
});

test("an upload that breaks off or is cancelled leaves nothing", async () => {
  await using storage = await TemporaryStorage.open();
  async function* broken() {
    yield Buffer.from("half");
    throw new Error("connection lost");
  }
  await expect(storage.blocks.put(broken())).rejects.toThrow("connection lost");
  await expect(storage.blocks.put(pieces("x"), { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  expect(await filesIn(join(storage.directory, "blocks"))).toEqual([]);
});

test("touching renews the change time and leaves the time that layers show", async () => {
  await using storage = await TemporaryStorage.open();
  const { sha } = await storage.blocks.put(Buffer.from("x"));
  const before = await lstat(storage.blocks.path(sha), { bigint: true });
  await setTimeout(20);
  expect(await storage.blocks.touch(sha)).toBe(true);
  const after = await lstat(storage.blocks.path(sha), { bigint: true });
  expect(after.mtimeNs).toBe(before.mtimeNs);
  expect(after.ctimeNs).toBeGreaterThan(before.ctimeNs);
  expect(await storage.blocks.touch("0".repeat(64))).toBe(false);
});

test("a removed block is gone, and what is no digest is refused", async () => {
  await using storage = await TemporaryStorage.open();
  const { sha } = await storage.blocks.put(new Uint8Array());
  expect(await storage.blocks.sizeOf(sha)).toBe(0);
  await storage.blocks.remove(sha);
  expect(await storage.blocks.has(sha)).toBe(false);
  expect(() => storage.blocks.path("../x")).toThrow(expect.objectContaining({ code: "BLOCK_ID_INVALID" }));
});
