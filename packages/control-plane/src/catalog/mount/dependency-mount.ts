import { AppError } from "@dorian/base/app-error";
import { markerHolds } from "@dorian/python/marker";
import { parseRequirements, type Requirement } from "@dorian/python/requirement";
import { readWheelText } from "@dorian/python/wheel-files";
import type { Wheel, WheelIndex } from "@dorian/python/wheel-index";
import type { WheelTarget } from "@dorian/python/wheel-tags";
import type { BlockStore } from "@dorian/storage/block-store";
import { concurrently } from "@dorian/base/concurrently";
import type { Logger } from "pino";
import { clientDirectory } from "./client-mount.ts";
import type { MountFile } from "./mount-files.ts";
import { storeWheel } from "./wheel-content.ts";

/** Where containers find what the client needs, below everything that their image has. */
export const dependencyDirectory = "/__modal/deps";

const concurrentWheels = 6;

const sitecustomize = `import sys

sys.path.append("${dependencyDirectory}")
`;

interface DependencyOptions {
  clientVersion: string;
  builderVersion: string;
  target: WheelTarget;
  index: WheelIndex;
  blocks: BlockStore;
  logger: Logger;
  signal: AbortSignal;
}

/**
 * The packages that a version of the client wants in containers of an image builder's version, and a hook by which
 * Python finds them after those of the image.
 *
 * @throws AppError BUILDER_VERSION_UNKNOWN, WHEEL_NOT_FOUND and others of the index
 */
export async function dependencyFiles(options: DependencyOptions): Promise<MountFile[]> {
  const { clientVersion, builderVersion, target, index, blocks, signal } = options;
  const client = await index.fetch(`modal==${clientVersion}`, "any", { signal });
  const list = await builderList(client.path, builderVersion, clientVersion);
  const wanted = parseRequirements(list).filter(
    ({ marker }) => marker === undefined || markerHolds(marker, target),
  );
  const files = new Map<string, MountFile>();
  await concurrently(wanted, { limit: concurrentWheels }, async (requirement) => {
    const wheel = await pinnedOrNear(requirement, options);
    const stored = await storeWheel(wheel.path, blocks, (path) => `${dependencyDirectory}/${path}`);
    for (const file of stored) files.set(file.path, file);
  });
  const { sha } = await blocks.put(Buffer.from(sitecustomize));
  return [...files.values(), { path: `${clientDirectory}/sitecustomize.py`, sha256: sha, mode: 0o644 }];
}

/**
 * The version that the list pins. Where an index lacks it, as when it was withdrawn or a mirror is behind, the newest of
 * the same line: what comes with the image goes before these packages anyway.
 */
async function pinnedOrNear(requirement: Requirement, options: DependencyOptions): Promise<Wheel> {
  const { index, target, logger, signal } = options;
  try {
    return await index.fetch(requirement, target, { signal });
  } catch (error) {
    if (!AppError.is(error) || error.code !== "WHEEL_NOT_FOUND") throw error;
    for (const line of linesOf(requirement)) {
      const wheel = await lookup(index, { ...requirement, specifier: line }, target, signal);
      if (!wheel) continue;
      const pinned = `${requirement.name}${requirement.specifier}`;
      logger.warn({ pinned, used: wheel.filename }, "a package of the client cannot be had as pinned");
      return wheel;
    }
    throw error;
  }
}

/** Widens "==1.2.3" to versions of 1.2 and then of 1. */
function linesOf({ specifier }: Requirement): string[] {
  const [, major, minor] = /^==(\d+)\.(\d+)/.exec(specifier) ?? [];
  if (major === undefined) return [];
  return [`==${major}.${minor}.*`, `==${major}.*`];
}

async function lookup(
  index: WheelIndex,
  requirement: Requirement,
  target: WheelTarget,
  signal: AbortSignal,
): Promise<Wheel | undefined> {
  try {
    return await index.fetch(requirement, target, { signal });
  } catch (error) {
    if (AppError.is(error) && error.code === "WHEEL_NOT_FOUND") return undefined;
    throw error;
  }
}

async function builderList(wheel: string, builderVersion: string, clientVersion: string): Promise<string> {
  const names = ["builder", "requirements"].map((folder) => `modal/${folder}/${builderVersion}.txt`);
  const list = await readWheelText(wheel, (path) => names.includes(path));
  if (list !== undefined) return list;
  throw new AppError(
    "BUILDER_VERSION_UNKNOWN",
    `Version ${clientVersion} of the client has no list of packages for image builder ${builderVersion}.`,
    { remedy: "Choose an image builder version for the environment that this client knows." },
  );
}
