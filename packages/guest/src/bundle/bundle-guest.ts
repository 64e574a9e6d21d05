import { unlessAbsent } from "@dorian/base/unless-absent";
import { build, type BuildOptions } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { guestFile } from "./guest-file.ts";
import { guestModules } from "./guest-modules.ts";
import { rehearseGuest } from "./rehearse-guest.ts";

export interface GuestBundleOptions {
  /** Where bundles are kept between runs; made when missing. */
  cacheDirectory: string;
}

export interface GuestBundle {
  /** The guest, for `/usr/lib/dorian/guest.mjs` in containers. */
  path: string;
  content: Buffer;
}

interface Manifest {
  bundle: string;
  /** Version of Node that the bundle's code cache is for. */
  node: string;
  /** SHA-256 by absolute path of what the bundle was made from. */
  inputs: Record<string, string>;
}

/** The guest as one file. Made anew only when one of its sources has changed. */
export async function bundleGuest(options: GuestBundleOptions): Promise<GuestBundle> {
  const { cacheDirectory } = options;
  await mkdir(cacheDirectory, { recursive: true });
  // Several checkouts may share the directory: each has sources of its own, current or not.
  const manifestPath = join(cacheDirectory, `guest-${digest(Buffer.from(root)).slice(0, 16)}.json`);
  const known = await readManifest(manifestPath);
  if (known && (await isCurrent(known))) {
    const path = join(cacheDirectory, known.bundle);
    const content = await unlessAbsent(readFile(path));
    if (content) return { path, content };
  }
  const { content, sources } = await buildGuest();
  const inputs = Object.fromEntries(
    await Promise.all(sources.map(async (path) => [path, digest(await readFile(path))] as const)),
  );
  const bundle = `guest-${digest(content).slice(0, 16)}.mjs`;
  const path = join(cacheDirectory, bundle);
  await writeWhole(path, content);
  await writeWhole(
    manifestPath,
    Buffer.from(JSON.stringify({ bundle, node: process.version, inputs } satisfies Manifest)),
  );
  return { path, content };
}

const root = resolve(import.meta.dirname, "../../../..");

async function buildGuest(): Promise<{ content: Buffer; sources: string[] }> {
  const entry = fileURLToPath(import.meta.resolve("../main.ts"));
  const result = await build({
    entryPoints: [entry],
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
  const guest = {
    body: `(() => { ${result.outputFiles[0]?.text ?? ""}; return exported; })()`,
    sdkExports: Object.keys(await import("@dorian/sdk")),
  };
  const codeCache = await rehearseGuest(guest);
  const sources = Object.keys(result.metafile.inputs).filter((input) => !/^[\w-]+:/.test(input));
  return {
    content: Buffer.from(guestFile({ ...guest, codeCache })),
    // What makes the bundle counts as well as what goes into it.
    sources: [...sources.map((input) => resolve(root, input)), ...makers()],
  };
}

function makers(): string[] {
  const own = ["bundle-guest.ts", "guest-file.ts", "guest-modules.ts", "lean-module.ts", "rehearse-guest.ts"];
  return [
    ...own.map((name) => join(import.meta.dirname, name)),
    fileURLToPath(import.meta.resolve("esbuild/package.json")),
  ];
}

async function isCurrent(manifest: Manifest): Promise<boolean> {
  if (manifest.node !== process.version) return false;
  const checks = Object.entries(manifest.inputs).map(async ([path, expected]) => {
    const content = await unlessAbsent(readFile(path));
    return content !== undefined && digest(content) === expected;
  });
  return (await Promise.all(checks)).every(Boolean);
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  const text = await unlessAbsent(readFile(path, "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

// Several processes may share the directory: a file is there in full or not at all.
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

function digest(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
