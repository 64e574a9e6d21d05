import { unlessAbsent } from "@dorian/base/unless-absent";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { chmod, lstat, mkdir } from "@dorian/linux/tree-calls";
import { createWhiteout, isWhiteout, markWhiteouts } from "@dorian/linux/overlay-marks";
import { copyOwnerAndMode } from "./file-metadata.ts";
import { childPath, splitPath } from "./layer-path.ts";
import { lookup } from "./merged-directory.ts";

/** Directories whose usual permissions are not 0755: a layer above an image must not change them. */
const customaryModes: Readonly<Record<string, number>> = { root: 0o700, tmp: 0o1777, "var/tmp": 0o1777 };

/**
 * Fills a new layer that will lie on a stack. Paths are parsed ones. Its directories get the owner and permissions
 * that they have in the stack: the topmost layer's are the ones that count.
 */
export class LayerWriter {
  readonly #draftPath: string;
  /** For each directory made: what the stack has there, topmost first. */
  readonly #made = new Map<string, string[]>();
  readonly #stackRoot: string[];

  constructor(draftPath: string, stackPaths: readonly string[]) {
    this.#draftPath = draftPath;
    this.#stackRoot = stackPaths.toReversed();
  }

  /** Path on this machine of `path` in the new layer. */
  hostPath(path: string): string {
    return join(this.#draftPath, path);
  }

  /** What `path` is, in the new layer on its stack. Its parent must be a directory that this writer made. */
  async kindOf(path: string): Promise<"directory" | "leaf" | undefined> {
    const own = await this.#ownKind(path);
    if (own !== undefined) return own === "whiteout" ? undefined : own;
    const { parent, name } = splitPath(path);
    return (await lookup(await this.directory(parent), name))?.kind;
  }

  /**
   * Makes a directory of the new layer, with those above it.
   *
   * @returns what the stack has there, topmost first
   * @throws AppError PATH_NOT_A_DIRECTORY when there is a file there or on the way
   */
  async directory(path: string): Promise<string[]> {
    const known = this.#made.get(path);
    if (known) return known;
    const below = path === "" ? this.#stackRoot : await this.#below(path);
    const hostPath = this.hostPath(path);
    if ((await this.#ownKind(path)) === undefined) await mkdir(hostPath);
    const [top] = below;
    if (top !== undefined) await copyOwnerAndMode(top, hostPath);
    else await chmod(hostPath, customaryModes[path] ?? 0o755);
    this.#made.set(path, below);
    return below;
  }

  /** Readies the place of a file: makes its directory, and removes what the new layer has by its name. */
  async place(path: string): Promise<string> {
    await this.directory(splitPath(path).parent);
    const hostPath = this.hostPath(path);
    await removeTree(hostPath);
    return hostPath;
  }

  /** Hides what the stack has at `path`. */
  async whiteout(path: string): Promise<void> {
    const { parent } = splitPath(path);
    const hostPath = await this.place(path);
    createWhiteout(hostPath);
    markWhiteouts(this.hostPath(parent));
  }

  async #below(path: string): Promise<string[]> {
    const { parent, name } = splitPath(path);
    const entry = await lookup(await this.directory(parent), name);
    const own = await this.#ownKind(path);
    if (own === "leaf" || own === "whiteout" || (own === undefined && entry?.kind === "leaf"))
      throw notADirectory(path);
    return entry?.kind === "directory" ? entry.hostPaths : [];
  }

  async #ownKind(path: string): Promise<"directory" | "leaf" | "whiteout" | undefined> {
    const stats = await unlessAbsent(lstat(this.hostPath(path)));
    if (stats === undefined) return undefined;
    if (isWhiteout(stats)) return "whiteout";
    return stats.isDirectory() ? "directory" : "leaf";
  }
}

/** The error for a path that would pass through a file. */
export function notADirectory(path: string): AppError {
  return new AppError(
    "PATH_NOT_A_DIRECTORY",
    `${JSON.stringify(path)} is a file, so nothing can lie below it.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Choose another path, or remove that file first.",
    },
  );
}

/** The error for a path where a directory is in the way of a file. */
export function isADirectory(path: string): AppError {
  return new AppError(
    "PATH_IS_A_DIRECTORY",
    `${JSON.stringify(path)} is a directory; a file cannot take its place.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: `Name the file in it (${childPath(path, "<name>")}), or remove the directory first.`,
    },
  );
}
