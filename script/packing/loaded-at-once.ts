import { join } from "node:path";
import type { OutputOptions } from "rolldown";
import { workspace } from "./workspace.ts";

type CodeSplitting = Exclude<OutputOptions["codeSplitting"], boolean | undefined>;
type NameOfChunk = Exclude<NonNullable<CodeSplitting["groups"]>[number]["name"], string>;
type Modules = Parameters<NameOfChunk>[1];

const sdkPackage = join(workspace, "packages/sdk/");

/**
 * Has what an import of `sdk` loads in three files: what `commandLine` loads as well when it starts, the SDK's own code, and what
 * that shares with server and worker. By itself the bundler makes a file for each set of places that load something, two dozen, and
 * each takes an import some tenths of a millisecond.
 *
 * @param sdk Path of the module that users import.
 * @param commandLine Path of the command line's first module.
 */
export function loadedAtOnce(sdk: string, commandLine: string): CodeSplitting {
  let reached: { bySdk: Set<string>; byBoth: Set<string> } | undefined;
  const reach = (modules: Modules) => {
    if (reached) return reached;
    const byCommandLine = reachedFrom(commandLine, modules);
    const bySdk = reachedFrom(sdk, modules);
    return (reached = { bySdk, byBoth: new Set([...bySdk].filter((id) => byCommandLine.has(id))) });
  };
  return {
    groups: [
      { name: (id, modules) => (reach(modules).byBoth.has(id) ? "base" : null), priority: 3 },
      {
        name: (id, modules) =>
          reach(modules).bySdk.has(id) && id !== sdk && !id.startsWith(sdkPackage) ? "shared" : null,
        priority: 2,
      },
      { name: (id, modules) => (reach(modules).bySdk.has(id) ? "sdk" : null), priority: 1 },
    ],
  };
}

function reachedFrom(path: string, modules: Modules): Set<string> {
  const found = new Set([path]);
  for (const id of found)
    for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}
