import { create } from "@bufbuild/protobuf";
import { DataChunkSchema } from "@dorian/protocol/modal";
import { expect, test, vi } from "vitest";
import { ChunkPipe, PipeMemory } from "./chunk-pipe.ts";

const mebibyte = 1024 * 1024;
const { signal } = new AbortController();

const chunk = (bytes: number) =>
  create(DataChunkSchema, { dataOneof: { case: "data", value: new Uint8Array(bytes) } });

function pipeOf(memory = new PipeMemory(64 * mebibyte), windowBytes = 4 * mebibyte): ChunkPipe {
  return new ChunkPipe({ windowBytes, keepBytes: 0, memory });
}

/** Whether a writer may go on by now. */
async function isFree(writing: Promise<void>): Promise<boolean> {
  return await Promise.race([
    writing.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

test("a thousand writers wait one behind the other: a chunk that is read does not wake them all [B8]", async () => {
  const pipe = pipeOf(undefined, 1_000);
  const wakeUps = vi.spyOn(signal, "addEventListener");
  const writers = Array.from({ length: 1_000 }, () => pipe.push(chunk(1_000), { signal }));
  for await (const { index } of pipe.read(1, { signal })) {
    await new Promise((resolve) => setImmediate(resolve));
    if (index === 1_000n) break;
  }
  pipe.end();
  await Promise.all(writers);
  expect(wakeUps.mock.calls.length).toBeLessThan(5_000);
});

test("an aborted writer leaves the others waiting in order [B8]", async () => {
  const pipe = pipeOf(undefined, 1_000);
  const left = new AbortController();
  const first = pipe.push(chunk(2_000), left);
  const second = pipe.push(chunk(2_000), { signal });
  left.abort(new Error("left"));
  await expect(first).rejects.toThrow("left");
  expect(await isFree(second)).toBe(false);
  pipe.end();
  await second;
});

test("writers for whom nobody reads any more may go on for a window, then they wait for the end [B8]", async () => {
  const memory = new PipeMemory(64 * mebibyte);
  const pipe = pipeOf(memory);
  const ahead = pipe.push(chunk(5 * mebibyte), { signal });
  expect(await isFree(ahead)).toBe(false);
  expect(memory.bytes).toBeGreaterThan(5 * mebibyte);
  pipe.abandon();
  await ahead;
  let written = 0;
  while (written < 100 && (await isFree(pipe.push(chunk(mebibyte), { signal })))) written++;
  expect(written).toBeGreaterThan(1);
  expect(written).toBeLessThan(6);
  expect(memory.bytes).toBe(0);
  const read = pipe.read(1, { signal }).next();
  pipe.end();
  expect(await read).toMatchObject({ done: true });
});

test("when all pipes together hold much, each writer is a little ahead, and none waits for another's reader [B8]", async () => {
  const memory = new PipeMemory(8 * mebibyte);
  const stuck = [pipeOf(memory), pipeOf(memory)].map((pipe) => pipe.push(chunk(5 * mebibyte), { signal }));
  const pipe = pipeOf(memory);
  const reading = pipe.read(1, { signal });
  expect(await isFree(pipe.push(chunk(1_000), { signal }))).toBe(true);
  const large = pipe.push(chunk(mebibyte), { signal });
  expect(await isFree(large)).toBe(false);
  for (let index = 0; index < 3; index++) void reading.next();
  await large;
  expect(await Promise.all(stuck.map(isFree))).toEqual([false, false]);
});

test("a chunk that does not follow the one before it is refused; one that was sent twice counts once [L9]", async () => {
  const pipe = pipeOf();
  const numbered = (index: bigint) => ({ ...chunk(1), index });
  await pipe.write([numbered(1n), numbered(2n)], { signal });
  await pipe.write([numbered(2n), numbered(3n)], { signal });
  await expect(pipe.write([numbered(5n)], { signal })).rejects.toMatchObject({ code: "VALUES_MISSING" });
  expect(pipe.highest).toBe(3);
});

test("a reader that starts over where nothing is kept any more is refused: it would miss what was before [L9]", async () => {
  const pipe = pipeOf();
  for (let count = 0; count < 3; count++) await pipe.push(chunk(10), { signal });
  for await (const { index } of pipe.read(1, { signal })) if (index === 3n) break;
  await expect(pipe.read(1, { signal }).next()).rejects.toMatchObject({ code: "VALUES_MISSING" });
});
