import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "./checkout.ts";

const packages = globSync("packages/*", { cwd: checkout }).toSorted();

test("every path that ARCHITECTURE.md sends its reader to is there", () => {
  const table = textOf("ARCHITECTURE.md").split("## To change X, look in Y")[1] ?? "";
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.flatMap((line) => missing(line, ["", "packages"]))).toEqual([]);
});

test.each(packages)("every path that the README of %s names is there", (directory) => {
  const lines = textOf(`${directory}/README.md`)
    .replaceAll(/^```.*?^```/gms, "")
    .split("\n");
  expect(lines.flatMap((line) => missing(line, [`${directory}/src`, directory, "packages", ""]))).toEqual([]);
});

test.each(packages)("the README of %s names each of its rooms", (directory) => {
  const text = textOf(`${directory}/README.md`);
  const rooms = globSync("*/", { cwd: join(checkout, directory, "src") });
  expect(rooms.filter((room) => room !== "gen" && !text.includes(`${room}/`))).toEqual([]);
});

/** What a line names in backticks as a path, and that lies neither in one of these places nor near what it named before. */
function missing(line: string, places: readonly string[]): string[] {
  const lost: string[] = [];
  let near: string[] = [];
  for (const [, name = ""] of line.matchAll(/`([\w.-]+\/[\w./-]*|[\w-]+(?:\.test)?\.ts)`/g)) {
    const [first = "", ...rest] = name.split("/");
    const within = join("packages", first, "src", ...rest);
    const found = [within, ...[...near, ...places].map((place) => join(place, name))].find(isThere);
    if (found === undefined) lost.push(name);
    else near = withAncestors(found);
  }
  return lost;
}

function isThere(path: string): boolean {
  return existsSync(join(checkout, path)) || existsSync(join(checkout, `${path}.ts`));
}

function withAncestors(path: string): string[] {
  return path === "." ? [] : [path, ...withAncestors(dirname(path))];
}

function textOf(path: string): string {
  return readFileSync(join(checkout, path), "utf8");
}
