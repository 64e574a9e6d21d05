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
