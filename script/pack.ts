// Builds the package `dorian` and packs it. Prints the tarball's path.
import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildProgram } from "./packing/build-program.ts";
import { declareTypes } from "./packing/declare-types.ts";
import { thirdParties } from "./packing/third-parties.ts";
import { workspace } from "./packing/workspace.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: join(workspace, "dist") } } });
const out = resolve(values.out);
const built = join(out, "package");

const bundled = await buildProgram(built);
await declareTypes(join(built, "dist"));
writeFileSync(join(built, "THIRD-PARTY.md"), thirdParties(bundled));
cpSync(join(workspace, "packages/dorian/npm-readme.md"), join(built, "README.md"));
for (const name of ["LICENSE", "CHANGELOG.md"]) cpSync(join(workspace, name), join(built, name));

const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", out], {
  cwd: built,
  encoding: "utf8",
});
const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
console.log(join(out, filename));
