import { expect, test } from "vitest";
import { diskVerdicts, type DiskUser } from "./disk-verdict.ts";

const mebibyte = 2 ** 20;
const floor = { bytes: 100 * mebibyte, files: 1_000 };
const plenty = { bytes: 10_000 * mebibyte, files: 1_000_000 };
const limit = { bytes: 500 * mebibyte, files: 10_000 };

function user(id: string, mebibytes: number, files = 10): DiskUser {
  return { id, used: { bytes: mebibytes * mebibyte, files }, limit };
}

test("whoever holds more than it may is ended, in bytes or in files [B16]", () => {
  const ended = diskVerdicts([user("a", 501), user("b", 499), user("c", 1, 10_001)], plenty, floor);
  expect([...ended.keys()]).toEqual(["a", "c"]);
  expect(ended.get("a")).toMatchObject({
    code: "DISK_LIMIT_REACHED",
    message: "More was written to the disk than may be: 501 MiB, with a limit of 500 MiB.",
  });
  expect(ended.get("c")?.message).toContain("10001 files, with a limit of 10000 files");
});

test("on a disk that runs short the one that holds most is ended, and nobody else [B16]", () => {
  const short = { ...plenty, bytes: 50 * mebibyte };
  expect([...diskVerdicts([user("a", 60), user("b", 300), user("c", 200)], short, floor).keys()]).toEqual([
    "b",
  ]);
  expect(diskVerdicts([user("b", 300)], short, floor).get("b")?.message).toContain("300 MiB");
  const noInodes = { ...plenty, files: 10 };
  expect([...diskVerdicts([user("a", 1, 5_000), user("b", 300)], noInodes, floor).keys()]).toEqual(["a"]);
});

test("nobody is ended for a disk that others have filled", () => {
  const full = { ...plenty, bytes: 0 };
  expect(diskVerdicts([user("a", 99), user("b", 3)], full, floor).size).toBe(0);
  expect(diskVerdicts([user("a", 20)], { ...plenty, bytes: 95 * mebibyte }, floor).size).toBe(0);
  expect(diskVerdicts([], full, floor).size).toBe(0);
});
