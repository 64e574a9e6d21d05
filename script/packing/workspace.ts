import { readFileSync } from "node:fs";
import { join } from "node:path";

export const workspace = join(import.meta.dirname, "../..");

export interface Manifest {
  name: string;
  version: string;
  license?: string;
  engines?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(workspace, directory, "package.json"), "utf8")) as Manifest;
}

/** The manifests of `dorian` and of all packages of the workspace that it is made of. */
export function ownManifests(): Manifest[] {
  const found = new Map<string, Manifest>();
  const visit = (folder: string) => {
    if (found.has(folder)) return;
    const manifest = readManifest(join("packages", folder));
    found.set(folder, manifest);
    for (const name of Object.keys(manifest.dependencies ?? {}))
      if (name.startsWith("@dorian/")) visit(name.slice("@dorian/".length));
  };
  visit("dorian");
  return [...found.values()];
}
