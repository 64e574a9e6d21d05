import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Space } from "./free-space.ts";
import { type DiskRoom, RoomWatch } from "./room-watch.ts";

const mebibyte = 2 ** 20;

/** A disk of 1,000 MiB with a reserve of 100. */
function watched(free: Space) {
  const changes: DiskRoom[] = [];
  const watch = new RoomWatch({
    directory: "/data",
    reserveBytes: 100 * mebibyte,
    look: () => ({ free: { ...free }, size: { bytes: 1_000 * mebibyte, files: 10_000 } }),
    onChange: (room) => changes.push(room),
  });
  return { watch, changes };
}

test("whoever asks is refused with what there is and what to do while the disk is short, and is told once [L4]", async () => {
  const free = { bytes: 200 * mebibyte, files: 5_000 };
  const { watch, changes } = watched(free);
  using _watch = watch;
  watch.require();
  free.bytes = 40 * mebibyte;
  await delay(30);
  for (let asked = 0; asked < 3; asked += 1) {
    expect(() => watch.require()).toThrow(
      expect.objectContaining({
        code: "STORAGE_FULL",
        status: "RESOURCE_EXHAUSTED",
        message:
          "The disk is nearly full: 40 MiB are free, and 100 MiB are kept for work that has been accepted.",
        remedy: expect.stringContaining("dorian volume delete"),
      }),
    );
  }
  free.bytes = 110 * mebibyte;
  await delay(30);
  expect(watch.isShort).toBe(true);
  free.bytes = 130 * mebibyte;
  await delay(30);
  watch.require();
  expect(changes.map(({ lack }) => lack)).toEqual(["bytes", undefined]);
});

test("what would reach into the reserve is refused before it is written [L4]", () => {
  using watch = watched({ bytes: 150 * mebibyte, files: 5_000 }).watch;
  watch.require(50 * mebibyte);
  expect(() => watch.require(51 * mebibyte)).toThrow(/The disk is nearly full: 150 MiB are free/);
  expect(watch.isShort).toBe(false);
});

test("what several are about to write is counted together, until it is written [L4]", () => {
  using watch = watched({ bytes: 150 * mebibyte, files: 5_000 }).watch;
  {
    using _first = watch.hold(30 * mebibyte);
    expect(() => watch.hold(30 * mebibyte)).toThrow(/nearly full/);
    watch.hold(20 * mebibyte)[Symbol.dispose]();
  }
  {
    using part = watch.hold(30 * mebibyte);
    part.shrink(10 * mebibyte);
    watch.hold(30 * mebibyte)[Symbol.dispose]();
    // More than was expected.
    part.shrink(90 * mebibyte);
  }
  watch.hold(50 * mebibyte)[Symbol.dispose]();
  expect(() => watch.hold(51 * mebibyte)).toThrow(/nearly full/);
});

test("a disk may be short from the start, and for want of files [L4]", () => {
  using watch = watched({ bytes: 500 * mebibyte, files: 50 }).watch;
  expect(() => watch.require()).toThrow(/50 files \(inodes\) are free, and 100 files are kept/);
});

test("a disk that nobody asks about is looked at as often as somebody could have filled it", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const gibibyte = 1024 * mebibyte;
  const free = { bytes: 500 * gibibyte, files: 1e9 };
  let looks = 0;
  using _watch = new RoomWatch({
    directory: "/data",
    reserveBytes: gibibyte,
    look: () => {
      looks += 1;
      return { free: { ...free }, size: { bytes: 1_000 * gibibyte, files: 2e9 } };
    },
  });
  const looksIn = (seconds: number) => {
    const before = looks;
    vi.advanceTimersByTime(seconds * 1_000);
    return looks - before;
  };
  expect(looksIn(60)).toBe(6);
  free.bytes = 41 * gibibyte;
  looksIn(10);
  // 40 GiB at 8 GiB a second.
  expect(looksIn(51.2)).toBe(10);
  free.bytes = 2 * gibibyte;
  looksIn(10);
  expect(looksIn(60)).toBe(60);
  free.bytes = 41 * gibibyte;
  free.files = 10_000 + 1_000_000;
  looksIn(10);
  expect(looksIn(60)).toBe(30);
});
