import { createHash } from "node:crypto";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./checkout.ts";

/** What the package is made of. */
const sources = [
  "packages/*/{src,bin,templates}/**/*",
  "packages/*/*.{json,md}",
  "script/pack.ts",
  "script/packing/*",
  "{package-lock,package}.json",
  "{CHANGELOG.md,LICENSE}",
];

/** Another one whenever what the package is made of was changed. */
export function stateOfSources(): string {
  const state = createHash("sha256");
  for (const path of globSync(sources, { cwd: checkout }).toSorted()) {
    const { size, mtimeMs } = statSync(join(checkout, path));
    state.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return state.digest("hex");
}
