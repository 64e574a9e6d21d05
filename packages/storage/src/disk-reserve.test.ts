import { expect, test } from "vitest";
import { lackOf, reserveOf } from "./disk-reserve.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

test("the reserve is a part of the disk, within bounds, and never most of a small one [L4]", () => {
  const files = 100_000;
  expect(reserveOf({ bytes: 20 * gibibyte, files })).toEqual({ bytes: 512 * mebibyte, files: 1_000 });
  expect(reserveOf({ bytes: 1 * gibibyte, files }).bytes).toBe(32 * mebibyte);
  expect(reserveOf({ bytes: 4_000 * gibibyte, files: 10 ** 9 })).toEqual({
    bytes: 2 * gibibyte,
    files: 10_000,
  });
  expect(reserveOf({ bytes: 100 * mebibyte, files }).bytes).toBe(10 * mebibyte);
  expect(reserveOf({ bytes: gibibyte, files: Number.POSITIVE_INFINITY }).files).toBe(0);
  expect(reserveOf({ bytes: gibibyte, files }, 5 * mebibyte).bytes).toBe(5 * mebibyte);
});

test("room runs short when the reserve is touched, and is enough again only with a little more [L4]", () => {
  const reserve = { bytes: 100, files: 10 };
  const lack = (bytes: number, files: number, wasShort: boolean) =>
    lackOf({ free: { bytes, files }, reserve }, { wasShort });
  expect(lack(100, 10, false)).toBeUndefined();
  expect(lack(99, 10, false)).toBe("bytes");
  expect(lack(100, 9, false)).toBe("files");
  expect(lack(100, 10, true)).toBe("bytes");
  expect(lack(124, 13, true)).toBe("bytes");
  expect(lack(125, 12, true)).toBe("files");
  expect(lack(125, 13, true)).toBeUndefined();
});

test("what is about to be written counts, and a disk that counts no files lacks none [L4]", () => {
  const disk = { free: { bytes: 150, files: Number.POSITIVE_INFINITY }, reserve: { bytes: 100, files: 0 } };
  expect(lackOf(disk, { wasShort: false, wantedBytes: 50 })).toBeUndefined();
  expect(lackOf(disk, { wasShort: false, wantedBytes: 51 })).toBe("bytes");
});
