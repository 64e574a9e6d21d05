import { errnoOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildGuest } from "./build-guest.ts";
import { guestFile, guestFiles } from "./guest-file.ts";
import { rehearseGuest } from "./rehearse-guest.ts";

export interface GuestBundleOptions {
  /** Where bundles are kept between runs; made when missing. */
  cacheDirectory: string;
}

interface Manifest {
  /** Name of its directory. */
  bundle: string;
  /** Version of Node that the bundle's code cache is for. */
  node: string;
  /** SHA-256 by absolute path of what the bundle was made from. */
  inputs: Record<string, string>;
}

/** Path of a directory with the guest's files, for `/usr/lib/dorian` in containers. Made anew only when one of its sources has changed. */
export async function bundleGuest(options: GuestBundleOptions): Promise<string> {
  const { cacheDirectory } = options;
  await mkdir(cacheDirectory, { recursive: true });
  // Several installations may share the directory: each has sources of its own, current or not.
  const manifestPath = join(
    cacheDirectory,
    `guest-${digest(Buffer.from(import.meta.filename)).slice(0, 16)}.json`,
  );
  const known = await readManifest(manifestPath);
  if (known && (await isCurrent(known))) {
    const path = join(cacheDirectory, known.bundle);
    if (await unlessAbsent(stat(path))) return path;
  }
  const { body, volumeFiles, sdkExports, sources } = await buildGuest();
  const files = {
    [guestFiles.module]: guestFile({ sdkExports }),
    [guestFiles.body]: body,
    [guestFiles.volumeFiles]: volumeFiles,
    [guestFiles.codeCache]: await rehearseGuest({ body, sdkExports }),
  };
  const inputs = Object.fromEntries(
    await Promise.all(sources.map(async (path) => [path, digest(await readFile(path))] as const)),
  );
  const bundle = `guest-${digest(...Object.values(files)).slice(0, 16)}`;
  const path = join(cacheDirectory, bundle);
  await writeDirectory(path, files);
  await writeWhole(
    manifestPath,
    Buffer.from(JSON.stringify({ bundle, node: process.version, inputs } satisfies Manifest)),
  );
  return path;
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

// Several processes may share the directory: what is in it is there in full or not at all.
async function writeDirectory(path: string, files: Record<string, string | Buffer>): Promise<void> {
  const draft = `${path}.${process.pid}`;
  // Of a process of the same number that was killed.
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  for (const [name, content] of Object.entries(files)) await writeFile(join(draft, name), content);
  try {
    await rename(draft, path);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    // Of the same name, and so with the same content.
    await rm(draft, { recursive: true });
  }
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

function digest(...contents: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return hash.digest("hex");
}
