import { expect, test } from "vitest";
import { diskFloor, diskUrgency, pauseBeforeLook } from "./disk-urgency.ts";

const gibibyte = 2 ** 30;
const floor = { bytes: 4 * gibibyte, files: 1_000 };
const nothing = { bytes: 0, files: 0 };
const much = { bytes: gibibyte, files: 500 };

test("a part of every disk is nobody's, within bounds", () => {
  const of = (bytes: number, files = 1e6) => diskFloor({ bytes, files });
  expect(of(100 * 2 ** 20).bytes).toBe(64 * 2 ** 20);
  expect(of(20 * gibibyte).bytes).toBe(gibibyte);
  expect(of(10_000 * gibibyte).bytes).toBe(4 * gibibyte);
  expect(of(gibibyte, Number.POSITIVE_INFINITY).files).toBe(0);
});

test("a disk is short below its floor, and critical further down, while it is written to [B16]", () => {
  const at = (bytes: number, written = much) => diskUrgency({ bytes, files: 1e6 }, written, floor);
  expect(at(5 * gibibyte)).toBe("none");
  expect(at(3 * gibibyte)).toBe("short");
  expect(at(1.9 * gibibyte)).toBe("critical");
  expect(diskUrgency({ bytes: 9 * gibibyte, files: 10 }, much, floor)).toBe("critical");
});

test("a disk that others have filled, and nobody fills further, holds nobody up", () => {
  expect(diskUrgency({ bytes: 0, files: 1e6 }, nothing, floor)).toBe("short");
});

test("the less there is left, the oftener the disk is looked at", () => {
  const at = (bytes: number) => pauseBeforeLook({ bytes, files: 1e6 }, floor);
  expect(at(100 * gibibyte)).toBe(250);
  expect(at(3 * gibibyte)).toBe(128);
  expect(at(2.01 * gibibyte)).toBe(20);
  expect(at(0)).toBe(20);
});
