import { build, stop, type BuildOptions } from "esbuild";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { guestModules } from "./guest-modules.ts";

export interface BuiltGuest {
  /** A script whose value is the exports of the guest's main module. */
  body: string;
  /** Names of the exports that are the SDK. */
  sdkExports: readonly string[];
  /** Absolute paths of all that decided what it is. */
  sources: readonly string[];
}

const root = resolve(import.meta.dirname, "../../../..");

/** Builds the guest from its sources. What is installed from npm has the outcome of this in its place. */
export async function buildGuest(): Promise<BuiltGuest> {
  const result = await build({
    entryPoints: [fileURLToPath(import.meta.resolve("../main.ts"))],
    absWorkingDir: root,
    outfile: "guest.js",
    write: false,
    metafile: true,
    bundle: true,
    platform: "node",
    format: "iife",
    globalName: "exported",
    target: "node24",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [guestModules()],
  } satisfies BuildOptions);
  // Once used, the builder would stay as a process beside this one that wakes it every second.
  await stop();
  const sources = Object.keys(result.metafile.inputs).filter((input) => !/^[\w-]+:/.test(input));
  return {
    body: `(() => { ${result.outputFiles[0]?.text ?? ""}; return exported; })()`,
    sdkExports: Object.keys(await import("@dorian/sdk")),
    // What makes the bundle counts as well as what goes into it.
    sources: [...sources.map((input) => resolve(root, input)), ...makers()],
  };
}

function makers(): string[] {
  const own = [
    "build-guest.ts",
    "bundle-guest.ts",
    "guest-file.ts",
    "guest-modules.ts",
    "lean-module.ts",
    "rehearse-guest.ts",
  ];
  return [
    ...own.map((name) => join(import.meta.dirname, name)),
    fileURLToPath(import.meta.resolve("esbuild/package.json")),
  ];
}
