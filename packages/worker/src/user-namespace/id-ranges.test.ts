import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeIdRange } from "./id-ranges.ts";

async function locks(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "ranges-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("ranges that are in use at the same time do not overlap, wherever the search for them starts", async () => {
  const directory = await locks();
  using first = takeIdRange(directory, 7);
  using second = takeIdRange(directory, 7);
  using third = takeIdRange(directory, 8);
  const starts = [first, second, third].map((range) => range.first).toSorted((a, b) => a - b);
  expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(first.size);
  expect((starts[2] ?? 0) - (starts[1] ?? 0)).toBeGreaterThanOrEqual(second.size);
});

test("a build has many ids, which no container has, and a container's when there are no more of its kind", async () => {
  const directory = await locks();
  using resources = new DisposableStack();
  const container = resources.use(takeIdRange(directory, 12_287));
  const builds = Array.from({ length: 49 }, () => resources.use(takeIdRange(directory, 3, "build")));
  expect(builds[0]?.size).toBe(2 ** 24);
  expect(new Set(builds.map((range) => range.first)).size).toBe(49);
  expect(Math.min(...builds.slice(0, 48).map((range) => range.first))).toBeGreaterThanOrEqual(
    container.first + container.size,
  );
  expect(builds[48]).toMatchObject({ size: 2 ** 16 });
});

test("a range that was given back is used again, and none is below those of the host's users", async () => {
  const directory = await locks();
  const range = takeIdRange(directory, 0xffff_ffff);
  range[Symbol.dispose]();
  using again = takeIdRange(directory, 0xffff_ffff);
  expect(again.first).toBe(range.first);
  expect(again.first).toBeGreaterThanOrEqual(0x1000_0000);
  expect(again.first + again.size).toBeLessThanOrEqual(0x7fff_ffff);
});
