import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

let directory: string | undefined;

/** Says where relative paths of local files count from: the directory of the app's module. Without it, from the current one. */
export function setLocalDirectory(path: string | undefined): void {
  directory = path;
}

/** Whether a command of Dorian's loads the app: it has said where. */
export function isLoadedByCommand(): boolean {
  return directory !== undefined;
}

/** The path of a file on this machine, absolute where the app's directory is known. */
export function localPathOf(path: string | URL): string {
  const plain = typeof path === "string" ? path : fileURLToPath(path);
  return directory === undefined ? plain : resolve(directory, plain);
}
