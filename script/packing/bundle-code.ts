import { buildGuest } from "@dorian/guest/bundle/build-guest";
import { join } from "node:path";
import { rolldown, type InputOptions, type Plugin } from "rolldown";
import { builtInModules } from "./built-in-modules.ts";
import { installedBeside } from "./installed-beside.ts";
import { lazyDescriptors } from "./lazy-descriptors.ts";
import { loadedAtOnce } from "./loaded-at-once.ts";
import { workspace } from "./workspace.ts";

/** What Node 22 and older lack of explicit resource management. */
const disposableStacks = "@whatwg-node/disposablestack";

const sdk = join(workspace, "packages/dorian/src/index.ts");
const testing = join(workspace, "packages/dorian/src/testing");
/** What users import, by the name of its file. */
const doors = {
  index: sdk,
  testing: `${testing}.ts`,
  "testing-register": join(testing, "register.ts"),
  "testing-vite": join(testing, "vite.ts"),
};
const commandLine = join(workspace, "packages/dorian/src/cli/main.ts");

/**
 * Writes the code of the package into `directory`: a file for each door, and `cli.js`, with what they are made of, each module in one
 * file alone, so that an app and what loads it have one SDK; and the doors once more for programs that `require`.
 *
 * @returns Paths of the foreign files that went into it.
 */
export async function bundleCode(directory: string): Promise<string[]> {
  const options: InputOptions = {
    cwd: workspace,
    platform: "node",
    // What is installed beside the package is imported from there; all else goes into it.
    external: [/^node:/, ...Object.keys(installedBeside())],
    checks: { pluginTimings: false },
    transform: {
      target: "node20.19",
      inject: {
        DisposableStack: [disposableStacks, "DisposableStack"],
        AsyncDisposableStack: [disposableStacks, "AsyncDisposableStack"],
      },
    },
    plugins: [builtGuest(), lazyDescriptors(), builtInModules()],
    onLog(level, log) {
      if (level === "warn") throw new Error(log.message);
    },
  };
  await using modules = await rolldown({ ...options, input: { ...doors, cli: commandLine } });
  const { output } = await modules.write({
    dir: directory,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: loadedAtOnce(sdk, commandLine),
  });
  await using common = await rolldown({ ...options, input: doors });
  await common.write({
    dir: directory,
    format: "cjs",
    sourcemap: true,
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
  });
  return output
    .flatMap((file) => (file.type === "chunk" ? file.moduleIds : []))
    .filter((path) => path.includes("/node_modules/"));
}

/** Puts the guest, as built here, in the place of what builds it. */
function builtGuest(): Plugin {
  const builder = join(workspace, "packages/guest/src/bundle/build-guest.ts");
  return {
    name: "built-guest",
    load: {
      filter: { id: builder },
      async handler() {
        const guest = { ...(await buildGuest()), sources: [] };
        return `export const buildGuest = async () => (${JSON.stringify(guest)});`;
      },
    },
  };
}
