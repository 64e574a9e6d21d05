import { mkdirSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Descent } from "./descent.ts";
import { OpenDirectory } from "./open-directory.ts";
import { removeTree } from "./remove-tree.ts";

function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "dorian-descent-"));
  onTestFinished(() => removeTree(root));
  return root;
}

const descriptors = () => readdirSync("/proc/self/fd").length;

test("a way goes deeper than a path can say and back, with few descriptors [B2]", () => {
  const before = descriptors();
  {
    using way = new Descent(OpenDirectory.open(temporaryRoot()));
    for (let depth = 1; depth <= 3_000; depth++) {
      mkdirSync(way.here.at("deeper"));
      way.enter(way.here.directory("deeper"));
    }
    expect(descriptors() - before).toBeLessThan(80);
    for (let depth = 3_000; depth > 0; depth--) {
      expect(readdirSync(way.here.path)).toEqual(depth === 3_000 ? [] : ["deeper"]);
      way.leave();
    }
  }
  expect(descriptors()).toBe(before);
});

test("a directory that was moved meanwhile is not taken for the one above, and a detour leads back [B3]", () => {
  const root = temporaryRoot();
  mkdirSync(join(root, "elsewhere"));
  using way = new Descent(OpenDirectory.open(root));
  for (let depth = 0; depth < 100; depth++) {
    mkdirSync(way.here.at("d"));
    way.enter(way.here.directory("d"));
  }
  way.enter(OpenDirectory.open(join(root, "elsewhere")), { isDetour: true });
  way.leave();
  const place = way.here.realPath();
  renameSync(place, join(root, "moved"));
  expect(() => way.leave()).toThrow(expect.objectContaining({ code: "TREE_CHANGED" }));
});
