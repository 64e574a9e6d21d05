import { closeSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { mountTable } from "./mount-table.ts";
import { placeMount, unmount } from "./mount.ts";
import { openOverlayByOptions, optionsText } from "./overlay-by-options.ts";

test("an overlay made from one string of options shows the topmost file, whatever its directories are called", async () => {
  const root = await mkdtemp(join(tmpdir(), "options-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const names = ["low:er", "hi,gh", "upper", "work", "target"];
  for (const name of names) await mkdir(join(root, name));
  const [low = "", high = "", upper = "", work = "", target = ""] = names.map((name) => join(root, name));
  await writeFile(join(low, "weights"), "old");
  await writeFile(join(high, "weights"), "new");
  const overlay = openOverlayByOptions({ lower: [low, high], upper, work });
  expect((await mountTable()).filter((entry) => entry.target.startsWith(root))).toEqual([]);
  placeMount(overlay, target);
  onTestFinished(() => void unmount(target));
  closeSync(overlay);
  expect(await readFile(join(target, "weights"), "utf8")).toBe("new");
  expect(await readFile("/proc/self/mountinfo", "utf8")).toContain(` ${target} rw,nosuid,nodev,`);
});

test("a stack too deep for an old kernel is refused with what to do", () => {
  const lower = Array.from(
    { length: 100 },
    (_, index) => `/var/lib/dorian/layers/ly-${String(index).padStart(22, "0")}`,
  );
  expect(() => optionsText({ lower })).toThrow("100 layers");
});
