// Counts the arrows between the rooms of each package, and fails on one that points up or closes a circle, and on circles of files:
// `script/arrows` for the counts, `script/arrows control-plane` for every arrow of a package.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { circlesOf } from "@dorian/testkit/imports/circles";
import { type Import, readImports } from "@dorian/testkit/imports/read-imports";

const packages = join(import.meta.dirname, "../packages");

/** Wings of a package, each above those that it may use. */
const floors: Record<string, readonly string[]> = {
  "control-plane": ["compose.ts", "web", "gc", "catalog", "dispatch", "access", "database", "schema"],
};

interface Arrow {
  from: string;
  to: string;
  imports: Import[];
}

const complaints: string[] = [];
const rows: string[][] = [
  ["package", "rooms", "arrows", "upward", "circles", "circles with types", "circles of files"],
];
for (const name of readdirSync(packages)) {
  const wings = floors[name];
  const imports = readImports(join(packages, name, "src"));
  const arrows = arrowsOf(imports, wings !== undefined);
  if (process.argv[2] === name) for (const arrow of arrows) console.log(told(arrow));
  const upward = wings ? arrows.filter((arrow) => pointsUp(arrow, wings)) : [];
  const ofValues = arrows.filter(({ imports }) => imports.some(({ typeOnly }) => !typeOnly));
  const circles = circlesOf(ofValues.map(ends));
  const withTypes = circlesOf(arrows.map(ends));
  for (const arrow of upward) complaints.push(`${name} points up: ${told(arrow)}`);
  for (const circle of withTypes)
    complaints.push(`${name} has a circle: ${circle.join(", ")}${within(circle, arrows)}`);
  // Types count: files that name each other's types cannot be read one after the other either.
  const ofFiles = circlesOf(imports.map(ends));
  for (const circle of ofFiles) complaints.push(`${name} has a circle of files: ${circle.join(", ")}`);
  const rooms = new Set(arrows.flatMap(ends)).size;
  rows.push(
    [
      name,
      rooms,
      arrows.length,
      wings ? upward.length : "",
      circles.length,
      withTypes.length,
      ofFiles.length,
    ].map(String),
  );
}
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
for (const complaint of complaints) console.error(`\n${complaint}`);
process.exitCode = complaints.length > 0 ? 1 : 0;

/** Arrows between rooms: the folders of a package, in one with wings those within a wing, and files beside them. */
function arrowsOf(imports: readonly Import[], hasWings: boolean): Arrow[] {
  const depth = hasWings ? 2 : 1;
  const room = (file: string) => file.split("/").slice(0, depth).join("/");
  const between = Map.groupBy(
    imports.filter(({ from, to }) => room(from) !== room(to)),
    ({ from, to }) => `${room(from)} ${room(to)}`,
  );
  return [...between].map(([key, found]) => {
    const [from = "", to = ""] = key.split(" ");
    return { from, to, imports: found };
  });
}

function pointsUp({ from, to }: Arrow, wings: readonly string[]): boolean {
  const floor = (room: string) => {
    const found = wings.indexOf(room.split("/")[0] ?? "");
    // What lies beside the wings is as high as what puts them together.
    return found === -1 ? 0 : found;
  };
  return floor(from) > floor(to);
}

function ends({ from, to }: Pick<Arrow, "from" | "to">): [string, string] {
  return [from, to];
}

function within(circle: readonly string[], arrows: readonly Arrow[]): string {
  const own = arrows.filter(({ from, to }) => circle.includes(from) && circle.includes(to));
  return own.map((arrow) => `\n  ${told(arrow)}`).join("");
}

function told({ from, to, imports }: Arrow): string {
  const list = imports.map((each) => `${each.from} > ${each.to}${each.typeOnly ? " (types)" : ""}`);
  return `${from} → ${to}: ${list.join(", ")}`;
}
