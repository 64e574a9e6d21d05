import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { blockBytes, blockDigest, blockRanges, withoutTrailingZeros } from "./block.ts";

test("only zeros at the end are left out, however many there are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(200_000), (head, zeros) => {
      const block = Buffer.concat([head, Buffer.alloc(zeros)]);
      const sent = withoutTrailingZeros(block);
      expect(sent.length === 0 || sent.at(-1) !== 0).toBe(true);
      expect(Buffer.concat([sent, Buffer.alloc(block.length - sent.length)]).equals(block)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("a block of zeros has the digest of nothing", () => {
  expect(blockDigest(Buffer.alloc(blockBytes))).toBe(createHash("sha256").digest("hex"));
});

test("blocks cover a file without gaps", () => {
  fc.assert(
    fc.property(fc.nat(5 * blockBytes), (size) => {
      let at = 0;
      for (const { start, length } of blockRanges(size)) {
        expect(start).toBe(at);
        expect(start % blockBytes).toBe(0);
        expect(length).toBeGreaterThan(0);
        at += length;
      }
      expect(at).toBe(size);
    }),
  );
});
