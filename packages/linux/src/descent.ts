import { AppError } from "@dorian/base/app-error";
import { basename } from "node:path";
import { OpenDirectory } from "./open-directory.ts";

/** Directories on the way down that stay open. */
const openSteps = 64;
/** Directories that were not entered from the one above them: to come back, that one has to stay open. */
const maxDetours = 64;

interface Step {
  directory: OpenDirectory | undefined;
  identity: string;
  isDetour: boolean;
}

/**
 * A way down into directories, of any depth, with few descriptors: of those far below the beginning only the last is open.
 * The one above is found again by "..", and must be the same.
 */
export class Descent implements Disposable {
  #steps: Step[];
  #detours = 0;

  /** Takes `beginning` over. */
  constructor(beginning: OpenDirectory) {
    this.#steps = [{ directory: beginning, identity: identityOf(beginning), isDetour: false }];
  }

  get here(): OpenDirectory {
    const directory = this.#steps.at(-1)?.directory;
    if (directory === undefined) throw new Error("This way was left.");
    return directory;
  }

  /**
   * Goes into a directory, which it takes over. `isDetour`: it need not be one of those that are here.
   *
   * @throws AppError TREE_HAS_DETOURS
   */
  enter(directory: OpenDirectory, { isDetour = false }: { isDetour?: boolean } = {}): void {
    const above = this.#steps.at(-1);
    this.#steps.push({ directory, identity: identityOf(directory), isDetour });
    if (isDetour && ++this.#detours > maxDetours) throw tooManyDetours();
    if (above === undefined || isDetour || this.#steps.length <= openSteps) return;
    above.directory?.[Symbol.dispose]();
    above.directory = undefined;
  }

  /** Back to the one above. @throws AppError TREE_CHANGED when the directory was moved meanwhile */
  leave(): void {
    const left = this.#steps.pop();
    const above = this.#steps.at(-1);
    using directory = left?.directory;
    if (left?.isDetour) this.#detours--;
    if (directory === undefined || above === undefined || above.directory !== undefined) return;
    const parent = directory.parent();
    above.directory = parent;
    if (identityOf(parent) !== above.identity) throw treeChanged(directory);
  }

  [Symbol.dispose](): void {
    for (const { directory } of this.#steps.splice(0)) directory?.[Symbol.dispose]();
  }
}

export function identityOf(directory: OpenDirectory): string {
  const { dev, ino } = directory.stat();
  return `${dev}:${ino}`;
}

/** A directory was moved away while the tree that it is in was read. */
export function treeChanged(directory: OpenDirectory): AppError {
  // Only its name: callers hear it, and where the tree lies on this machine is not for them.
  const name = JSON.stringify(basename(directory.realPath()));
  return new AppError("TREE_CHANGED", `A directory was moved while the tree above ${name} was read.`, {
    status: "ABORTED",
    remedy: "Stop what moves directories there, then try again.",
  });
}

function tooManyDetours(): AppError {
  return new AppError(
    "TREE_HAS_DETOURS",
    `More than ${maxDetours} links to directories lie on the way of one another.`,
    { status: "INVALID_ARGUMENT", remedy: "Put directories in the place of some of the links." },
  );
}
