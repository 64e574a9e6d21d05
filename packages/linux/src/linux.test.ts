import { mkdtemp, mkdir, readFile, readdir, rm, rmdir, writeFile, lstat, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, onTestFinished } from "vitest";
import { bindMount, makeShared, mountOverlay, createOverlay, unmount } from "./mount.ts";
import { mountTable } from "./mount-table.ts";
import { clearOpaque, createWhiteout, isOpaque, isWhiteout } from "./overlay-marks.ts";

async function directories(...names: string[]) {
  const root = await mkdtemp(join(tmpdir(), "linux-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const name of names) await mkdir(join(root, name));
  return Object.fromEntries(names.map((name) => [name, join(root, name)])) as Record<string, string>;
}

test("a replaced overlay shows the new stack at once while an open file keeps the old one", async () => {
  const {
    lower = "",
    upper = "",
    work = "",
    other = "",
    upper2 = "",
    work2 = "",
    target = "",
  } = await directories("lower", "upper", "work", "other", "upper2", "work2", "target");
  await writeFile(join(lower, "weights"), "old");
  await writeFile(join(other, "weights"), "new");
  bindMount(target, target);
  onTestFinished(() => void unmount(target));
  makeShared(target);
  mountOverlay(target, { lower: [lower], upper, work });
  onTestFinished(() => void unmount(target));
  await using held = await open(join(target, "weights"));

  using next = createOverlay({ lower: [lower, other], upper: upper2, work: work2 });
  next.replaceAt(target);

  expect(await readFile(join(target, "weights"), "utf8")).toBe("new");
  expect(await held.readFile("utf8")).toBe("old");
  expect(
    (await mountTable()).filter((entry) => entry.target === target && entry.type === "overlay"),
  ).toHaveLength(1);
});

test("setuid bits and device files in an overlay mean nothing, also after it was replaced", async () => {
  const {
    a = "",
    b = "",
    upper = "",
    work = "",
    target = "",
  } = await directories("a", "b", "upper", "work", "target");
  bindMount(target, target);
  onTestFinished(() => void unmount(target));
  const options = async () =>
    (await readFile("/proc/self/mountinfo", "utf8"))
      .split("\n")
      .filter((line) => line.split(" ")[4] === target && line.includes(" - overlay "))
      .map((line) => line.split(" ")[5]);
  mountOverlay(target, { lower: [a, b] });
  onTestFinished(() => void unmount(target));
  expect(await options()).toEqual(["rw,nosuid,nodev,relatime"]);
  using next = createOverlay({ lower: [a, b], upper, work });
  next.replaceAt(target);
  expect(await options()).toEqual(["rw,nosuid,nodev,relatime"]);
});

test("whiteouts hide lower entries and a directory made anew is opaque until cleared", async () => {
  const {
    lower = "",
    upper = "",
    work = "",
    target = "",
  } = await directories("lower", "upper", "work", "target");
  await writeFile(join(lower, "gone"), "x");
  await mkdir(join(lower, "again"));
  createWhiteout(join(upper, "gone"));
  mountOverlay(target, { lower: [lower], upper, work });
  onTestFinished(() => void unmount(target));
  expect(await readdir(target)).toEqual(["again"]);
  expect(isWhiteout(await lstat(join(upper, "gone")))).toBe(true);
  await rmdir(join(target, "again"));
  await mkdir(join(target, "again"));
  expect(isOpaque(join(upper, "again"))).toBe(true);
  clearOpaque(join(upper, "again"));
  expect(isOpaque(join(upper, "again"))).toBe(false);
});

test("unmount of a directory without a mount says so", async () => {
  const { target = "" } = await directories("target");
  expect(unmount(target)).toBe(false);
});
