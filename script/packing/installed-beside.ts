import { ownManifests } from "./workspace.ts";

/**
 * Packages that are bundled though ours depend on them: of several hundred small files, the SDK would otherwise load one by one
 * whenever it is imported.
 */
const bundled = ["@bufbuild/protobuf"];

/** What npm installs beside `dorian`, with the versions: all that its parts depend on and that is not bundled. */
export function installedBeside(): Record<string, string> {
  return Object.fromEntries(
    ownManifests()
      .flatMap((manifest) => Object.entries(manifest.dependencies ?? {}))
      .filter(([name]) => !name.startsWith("@dorian/") && !bundled.includes(name)),
  );
}
