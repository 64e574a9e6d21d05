import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { circlesOf } from "./imports/circles.ts";
import { readImports } from "./imports/read-imports.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

test("imports of every form are read, with whether anything is left of them when the sources run", async () => {
  await using folder = await temporaryDirectory();
  await mkdir(join(folder.path, "a/deep"), { recursive: true });
  await writeFile(
    join(folder.path, "a/deep/first.ts"),
    `import type { X } from "../second.ts";
import { type X as Y, type Z } from "../second.ts";
import {
  value,
  type W,
} from "../../b/third.ts";
import "./side-effect.ts";
import fs from "node:fs";
export { value } from "../../b/third.ts";
const later = await import("../../c.ts");
// import { none } from "./comment.ts" is no import
`,
  );
  await writeFile(join(folder.path, "a/first.test.ts"), 'import "./deep/first.ts";\n');
  const imports = readImports(folder.path).map(({ from, to, typeOnly }) => `${from} ${to} ${typeOnly}`);
  expect(imports.toSorted()).toEqual([
    "a/deep/first.ts a/deep/side-effect.ts false",
    "a/deep/first.ts a/second.ts true",
    "a/deep/first.ts a/second.ts true",
    "a/deep/first.ts b/third.ts false",
    "a/deep/first.ts b/third.ts false",
    "a/deep/first.ts c.ts false",
  ]);
});

test("circles are found wherever they begin, also two that touch nothing of each other", () => {
  const arrows: [string, string][] = [
    ["top", "a"],
    ["a", "b"],
    ["b", "c"],
    ["c", "a"],
    ["c", "leaf"],
    ["x", "y"],
    ["y", "x"],
  ];
  expect(circlesOf(arrows).toSorted()).toEqual([
    ["a", "b", "c"],
    ["x", "y"],
  ]);
  expect(circlesOf(arrows.filter(([from]) => from !== "c" && from !== "y"))).toEqual([]);
});
