import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const md5 = (content: Uint8Array) => createHash("md5").update(content).digest("hex");
/** More than is hashed without a thread. */
const partBytes = 400_000;
const parts = ["a", "b", "end"].map((letter, index) => Buffer.alloc(index === 2 ? 5 : partBytes, letter));
const whole = Buffer.concat(parts);

async function send(storage: TemporaryStorage, index: number, content: Uint8Array = parts[index] ?? whole) {
  return await storage.blocks.parted.receive(content, { name: "upload", start: index * partBytes });
}

async function filesOf(storage: TemporaryStorage): Promise<string[]> {
  return await readdir(join(storage.directory, "blocks/parted"));
}

/** As an operator has it who shuts others out. */
function withUmask(mask: number): Disposable {
  const before = process.umask(mask);
  return { [Symbol.dispose]: () => void process.umask(before) };
}

test("parts that come in any order make the content, in the file that they were written to [E3]", async () => {
  using _restore = withUmask(0o077);
  await using storage = await TemporaryStorage.open();
  const answers = await Promise.all([2, 0, 1].map((index) => send(storage, index)));
  expect(answers).toEqual(
    [2, 0, 1].map((index) => ({ md5: md5(parts[index] ?? whole), size: parts[index]?.length })),
  );
  const written = await lstat(join(storage.directory, "blocks/parted/upload"));
  const [content, again] = await Promise.all(
    [1, 2].map(() => storage.blocks.parted.complete("upload", whole.length)),
  );
  expect([content, again]).toEqual(Array(2).fill({ sha: sha256(whole), size: whole.length }));
  const path = storage.blocks.path(sha256(whole));
  const { ino, mode } = await lstat(path);
  expect([ino, mode & 0o7777]).toEqual([written.ino, 0o644]);
  expect(await readFile(path)).toEqual(whole);
  expect(await filesOf(storage)).toEqual([]);
  expect(await storage.blocks.parted.complete("upload", whole.length)).toBe(undefined);
});

test("who is slow to send a part loses it to who sends it again, and writes nothing once the content is complete", async () => {
  await using storage = await TemporaryStorage.open();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  async function* slow(gate: Promise<void>) {
    yield [Buffer.alloc(10, "x")];
    await gate;
    yield [Buffer.alloc(10, "y")];
  }
  const [first, second] = gates.map(async ({ promise }) => {
    const start = partBytes;
    return await storage.blocks.parted
      .receive(slow(promise), { name: "upload", start })
      .catch((error: unknown) => error);
  });
  gates[0]?.resolve();
  expect(await first).toMatchObject({ code: "PART_REPLACED", status: "ABORTED" });
  const last = parts.map((_, index) => send(storage, index));
  await Promise.all(last);
  const { sha } = (await storage.blocks.parted.complete("upload", whole.length)) ?? {};
  gates[1]?.resolve();
  expect(await second).toMatchObject({ code: "PART_REPLACED" });
  expect(sha).toBe(sha256(whole));
  expect(await readFile(storage.blocks.path(sha256(whole)))).toEqual(whole);
});

test("a part that was longer before is as long as it is sent last, and parts that break off leave no content", async () => {
  await using storage = await TemporaryStorage.open();
  await send(storage, 0);
  await send(storage, 1);
  await send(storage, 2, Buffer.alloc(90, "long"));
  async function* broken() {
    yield Buffer.from("e");
    throw new Error("connection lost");
  }
  const options = { name: "upload", start: 2 * partBytes };
  await expect(storage.blocks.parted.receive(broken(), options)).rejects.toThrow("connection lost");
  await send(storage, 2);
  expect(await storage.blocks.parted.complete("upload", whole.length)).toMatchObject({ sha: sha256(whole) });
  expect(await readFile(storage.blocks.path(sha256(whole)))).toEqual(whole);
});

test("parts of uploads that never end go when nobody has sent one for long enough", async () => {
  await using storage = await TemporaryStorage.open();
  await send(storage, 0);
  await storage.blocks.parted.collect(0);
  expect(await filesOf(storage)).toEqual(["upload"]);
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield Buffer.from("x");
    await gate.promise;
  }
  const sending = storage.blocks.parted.receive(slow(), { name: "other", start: 0 });
  await storage.blocks.parted.collect(Infinity);
  expect(await filesOf(storage)).not.toContain("upload");
  gate.resolve();
  expect(await sending).toEqual({ md5: md5(Buffer.from("x")), size: 1 });
});
