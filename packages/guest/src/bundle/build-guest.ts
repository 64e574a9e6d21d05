import { build, stop, type BuildOptions } from "esbuild";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { guestModules } from "./guest-modules.ts";

export interface BuiltGuest {
  /** A script whose value is the exports of the guest's main module. */
  body: string;
  /** A script whose value is the exports of what the SDK does with files of volumes. */
  volumeFiles: string;
  /** Names of the exports that are the SDK. */
  sdkExports: readonly string[];
  /** Absolute paths of all that decided what it is. */
  sources: readonly string[];
}

const root = resolve(import.meta.dirname, "../../../..");

/** Builds the guest from its sources. What is installed from npm has the outcome of this in its place. */
export async function buildGuest(): Promise<BuiltGuest> {
  const body = await buildScript(import.meta.resolve("../main.ts"));
  const volumeFiles = await buildScript(import.meta.resolve("@dorian/sdk/volume/volume-files"));
  // Once used, the builder would stay as a process beside this one that wakes it every second.
  await stop();
  return {
    body: body.text,
    volumeFiles: volumeFiles.text,
    sdkExports: Object.keys(await import("@dorian/sdk")),
    // What makes the bundle counts as well as what goes into it.
    sources: [...new Set([...body.sources, ...volumeFiles.sources, ...makers()])],
  };
}

/** A script whose value is the exports of a module. */
async function buildScript(moduleUrl: string): Promise<{ text: string; sources: string[] }> {
  const result = await build({
    entryPoints: [fileURLToPath(moduleUrl)],
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
  const sources = Object.keys(result.metafile.inputs).filter((input) => !/^[\w-]+:/.test(input));
  return {
    text: `(() => { ${result.outputFiles[0]?.text ?? ""}; return exported; })()`,
    sources: sources.map((input) => resolve(root, input)),
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
