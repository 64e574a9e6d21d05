import { closeSync, fstatSync, mkdirSync, readlinkSync } from "node:fs";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { OpenDirectory } from "./open-directory.ts";

/** Links that a path may lead through: as many as the kernel follows. */
const maxLinks = 40;

/** Where a path leads below a root, whether it is there or not. */
export interface Place extends Disposable {
  /** The deepest directory on the way that there is. */
  directory: OpenDirectory;
  /** What the path has below it: empty when it leads to that directory, else names of which the first is no directory. */
  names: string[];
  /** The path from the root, free of links: "/etc/hosts". */
  path: string;
}

/**
 * Finds where `path` leads for somebody to whom `root` is "/". Links on the way lead, as they would inside, to places
 * below `root`, never out of it; what does not exist is taken as written. With `follow: false` a link at the very end is
 * not followed. No mount is entered.
 *
 * @throws AppError PATH_LINK_LOOP
 */
export function placeBelow(root: OpenDirectory, path: string, options: { follow: boolean }): Place {
  using way = new Way(root);
  const pending = namesLastFirst(path);
  const missing: string[] = [];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === "..") {
      if (missing.pop() === undefined) way.up();
      continue;
    }
    const isLast = pending.length === 0;
    const entry = missing.length > 0 ? undefined : way.look(name);
    if (entry === "directory") continue;
    if (entry === undefined || entry === "other" || (isLast && !options.follow)) {
      missing.push(name);
      continue;
    }
    if (++links > maxLinks) throw linkLoop(path);
    if (entry.link.startsWith("/")) way.restart();
    pending.push(...namesLastFirst(entry.link));
  }
  return way.end(missing);
}

/** Lists a path's names, the last one first: who takes names from the beginning of a long list moves all the others each time. */
function namesLastFirst(path: string): string[] {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .toReversed();
}

/** Makes the directories of `path` that are missing below `root`, 0755, and opens the last. Throws ENOTDIR for a file on the way. */
export function makeDirectoryBelow(root: OpenDirectory, path: string): OpenDirectory {
  using place = placeBelow(root, path, { follow: true });
  let { directory } = place;
  for (const name of place.names) {
    try {
      mkdirSync(directory.at(name), { mode: 0o755 });
    } catch (error) {
      // A directory that another step made meanwhile is as good; anything else is no directory to open.
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    const next = directory.directory(name);
    if (directory !== place.directory) directory[Symbol.dispose]();
    directory = next;
  }
  return directory === place.directory ? directory.directory(".") : directory;
}

/** The directories from a root down to where a walk has come, all open: the way back up is never asked of the tree. */
class Way implements Disposable {
  readonly #root: OpenDirectory;
  #steps: { name: string; directory: OpenDirectory }[] = [];

  constructor(root: OpenDirectory) {
    this.#root = root;
  }

  /** Enters `name` if it is a directory; else says what it is. */
  look(name: string): "directory" | "other" | { link: string } | undefined {
    const here = this.#here;
    try {
      this.#steps.push({ name, directory: here.directory(name) });
      return "directory";
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT" || errno === "ENAMETOOLONG") return undefined;
      if (errno === "EXDEV") return "other";
      if (errno !== "ENOTDIR" && errno !== "ELOOP") throw error;
    }
    return linkAt(here, name);
  }

  up(): void {
    this.#steps.pop()?.directory[Symbol.dispose]();
  }

  restart(): void {
    while (this.#steps.length > 0) this.up();
  }

  end(names: string[]): Place {
    const path = `/${[...this.#steps.map((step) => step.name), ...names].join("/")}`;
    const directory = this.#here.directory(".");
    return { directory, names, path, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  }

  [Symbol.dispose](): void {
    this.restart();
  }

  get #here(): OpenDirectory {
    return this.#steps.at(-1)?.directory ?? this.#root;
  }
}

function linkAt(directory: OpenDirectory, name: string): "other" | { link: string } | undefined {
  try {
    const descriptor = directory.pin(name);
    try {
      if (!fstatSync(descriptor).isSymbolicLink()) return "other";
    } finally {
      closeSync(descriptor);
    }
    return { link: readlinkSync(directory.at(name)) };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    // Swapped for something else in between.
    if (errnoOf(error) === "EINVAL" || errnoOf(error) === "EXDEV") return "other";
    throw error;
  }
}

function linkLoop(path: string): AppError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new AppError("PATH_LINK_LOOP", `Symbolic links at ${JSON.stringify(shown)} lead in a circle.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Remove the link where it was made: in an earlier step of the image, or in the volume.",
  });
}
