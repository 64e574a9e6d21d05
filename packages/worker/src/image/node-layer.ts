import { chmod, constants, copyFile, cp, mkdir, readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { LayerStore } from "@dorian/storage/layer-store";
import { unlessAbsent } from "@dorian/base/unless-absent";

export interface NodeLayerOptions {
  /** Program of the Node that runs this process. */
  nodePath: string;
  nodeVersion: string;
  /** Folder of the npm package. */
  npmDirectory: string;
}

/** Name under which images take Node from this machine: `COPY --from=dorian/node:24 / /`. */
export const nodeImage = "dorian/node";

/**
 * Name of the layer for a wanted tag, with the exact versions in it.
 *
 * @throws AppError NODE_VERSION_UNAVAILABLE for any major version but the one that runs this process.
 */
export async function nodeLayerKey(tag: string, options: NodeLayerOptions): Promise<string> {
  const major = options.nodeVersion.split(".")[0] ?? "";
  if (tag !== major && tag !== "latest") {
    throw new AppError("NODE_VERSION_UNAVAILABLE", `This machine has Node ${major} for images, not ${tag}.`, {
      status: "INVALID_ARGUMENT",
      remedy: `Use ${nodeImage}:${major}, or a base image that brings its own Node.`,
    });
  }
  return `${nodeImage}:${options.nodeVersion}+npm-${await npmVersion(options.npmDirectory)}`;
}

/** Makes a layer with /usr/local/bin/{node,npm,npx}. Returns its id. */
export async function makeNodeLayer(layers: LayerStore, options: NodeLayerOptions): Promise<string> {
  await using draft = await layers.draft();
  const bin = join(draft.path, "usr/local/bin");
  const modules = join(draft.path, "usr/local/lib/node_modules");
  await mkdir(bin, { recursive: true, mode: 0o755 });
  await mkdir(modules, { recursive: true, mode: 0o755 });
  await copyFile(options.nodePath, join(bin, "node"), constants.COPYFILE_FICLONE);
  await chmod(join(bin, "node"), 0o755);
  await cp(options.npmDirectory, join(modules, "npm"), {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    // npm reads this file as the operator's configuration.
    filter: (source) => source !== join(options.npmDirectory, "npmrc"),
  });
  for (const name of ["npm", "npx"]) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  }
  return await draft.seal({ durable: true });
}

async function npmVersion(directory: string): Promise<string> {
  const text = await unlessAbsent(readFile(join(directory, "package.json"), "utf8"));
  if (text !== undefined && (await stat(join(directory, "bin/npm-cli.js")))) {
    return (JSON.parse(text) as { version: string }).version;
  }
  throw new AppError("NPM_MISSING", "The worker's machine has no npm to put into images.", {
    remedy: "Install Dorian again: images get npm from its own packages.",
  });
}
