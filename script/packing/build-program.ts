import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleCode } from "./bundle-code.ts";
import { packageManifest } from "./package-manifest.ts";
import { workspace } from "./workspace.ts";

/**
 * Builds what of the package runs into `directory`, in the place of what was there: its code, command, templates and manifest.
 *
 * @returns Paths of the foreign files that went into its code.
 */
export async function buildProgram(directory: string): Promise<string[]> {
  const code = join(directory, "dist");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(code, { recursive: true });
  const bundled = await bundleCode(code);
  writeFileSync(join(directory, "package.json"), `${JSON.stringify(packageManifest(), null, 2)}\n`);
  for (const name of ["bin", "templates"])
    cpSync(join(workspace, "packages/dorian", name), join(directory, name), { recursive: true });
  return bundled;
}
