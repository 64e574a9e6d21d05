// Builds the package `dorian` and packs it. Prints the tarball's path.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleCode } from "./packing/bundle-code.ts";
import { declareTypes } from "./packing/declare-types.ts";
import { packageManifest } from "./packing/package-manifest.ts";
import { thirdParties } from "./packing/third-parties.ts";
import { workspace } from "./packing/workspace.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: join(workspace, "dist") } } });
const out = resolve(values.out);
const built = join(out, "package");
const code = join(built, "dist");

rmSync(built, { recursive: true, force: true });
mkdirSync(code, { recursive: true });
const bundled = await bundleCode(code);
await declareTypes(code);
writeFileSync(join(built, "package.json"), `${JSON.stringify(packageManifest(), null, 2)}\n`);
writeFileSync(join(built, "THIRD-PARTY.md"), thirdParties(bundled));
cpSync(join(workspace, "packages/dorian/bin"), join(built, "bin"), { recursive: true });
cpSync(join(workspace, "packages/dorian/templates"), join(built, "templates"), { recursive: true });
cpSync(join(workspace, "packages/dorian/npm-readme.md"), join(built, "README.md"));
for (const name of ["LICENSE", "CHANGELOG.md"]) cpSync(join(workspace, name), join(built, name));

const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", out], {
  cwd: built,
  encoding: "utf8",
});
const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
console.log(join(out, filename));
