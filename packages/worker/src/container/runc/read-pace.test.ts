import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { readAtPace } from "./read-pace.ts";

const mebibyte = 1024 * 1024;

test("what is written at once is read in portions, in order and whole [B16]", async () => {
  const stream = new PassThrough({ highWaterMark: 16 * mebibyte });
  let read = Buffer.alloc(0);
  readAtPace(stream, (chunk) => (read = Buffer.concat([read, chunk])));
  const written = Buffer.alloc(4 * mebibyte, "0123456789");
  for (let at = 0; at < written.length; at += 65_536) stream.write(written.subarray(at, at + 65_536));
  stream.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(read.length).toBeLessThan(2 * mebibyte);
  expect(stream.isPaused()).toBe(true);
  await finished(stream);
  expect(read.equals(written)).toBe(true);
});

test("streams that are written to at once share one pace, and one that says little waits for none [B16]", async () => {
  const flooded = Array.from({ length: 8 }, () => new PassThrough({ highWaterMark: 16 * mebibyte }));
  const read = flooded.map(() => 0);
  for (const [at, stream] of flooded.entries()) {
    readAtPace(stream, (chunk) => (read[at] = (read[at] ?? 0) + chunk.length));
    for (let part = 0; part < 32; part += 1) stream.write(Buffer.alloc(65_536));
  }
  let said = "";
  const quiet = new PassThrough();
  readAtPace(quiet, (chunk) => (said += String(chunk)));
  await new Promise((resolve) => setImmediate(resolve));
  quiet.write("a");
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toBe("a");
  // The first did not know of the others.
  expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(6 * mebibyte);
  for (const stream of flooded) stream.end();
  await Promise.all(flooded.map((stream) => finished(stream)));
  expect(read).toEqual(flooded.map(() => 2 * mebibyte));
});
