import { AppError } from "@dorian/base/app-error";
import { normalName } from "@dorian/python/requirement";
import { wheelRequirements } from "@dorian/python/wheel-files";
import type { WheelIndex } from "@dorian/python/wheel-index";
import type { BlockStore } from "@dorian/storage/block-store";
import type { MountFile } from "./mount-files.ts";
import { storeWheel } from "./wheel-content.ts";

/** Where containers find the client. */
export const clientDirectory = "/pkg";

const clientPackages = ["modal", "modal_proto", "modal_version"];
const companion = "synchronicity";

/**
 * The files of a version of the client: its own packages, and the one that it is built on.
 *
 * @throws AppError WHEEL_NOT_FOUND and others of the index
 */
export async function clientFiles(options: {
  version: string;
  index: WheelIndex;
  blocks: BlockStore;
  signal: AbortSignal;
}): Promise<MountFile[]> {
  const { version, index, blocks, signal } = options;
  const client = await index.fetch(`modal==${version}`, "any", { signal });
  const requirements = (await wheelRequirements(client.path)).filter(
    (line) => normalName(/^[\w.-]+/.exec(line)?.[0] ?? "") === companion,
  );
  const [needed] = requirements;
  if (needed === undefined) {
    throw new AppError(
      "CLIENT_WHEEL_UNKNOWN",
      `The wheel ${client.filename} does not ask for ${companion}.`,
      {
        remedy: "Use a released version of the client.",
      },
    );
  }
  const base = await index.fetch(needed, "any", { signal });
  const [own, foreign] = await Promise.all([
    storeWheel(client.path, blocks, (path) => placeIn(clientPackages, path)),
    storeWheel(base.path, blocks, (path) => placeIn([companion], path)),
  ]);
  return [...own, ...foreign];
}

function placeIn(packages: readonly string[], path: string): string | undefined {
  const parts = path.split("/");
  const isHidden = parts.some((part) => part.startsWith(".") || part === "__pycache__");
  if (isHidden || path.endsWith(".pyc") || !packages.includes(parts[0] ?? "")) return undefined;
  return `${clientDirectory}/${path}`;
}
