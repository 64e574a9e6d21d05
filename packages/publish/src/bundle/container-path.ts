import { posix, relative, sep } from "node:path";

/** Where the app's module lies in containers, and so the files beside it. */
export const containerDirectory = "/root";
/** Stands in containers for a directory above that of the app: what is above `/root` there belongs to the image. */
const above = "__above__";

/** Where a file of this machine would lie in containers; `directory` is that of the app's module. */
export function containerPath(directory: string, path: string): string {
  const inPackage = path.lastIndexOf("/node_modules/");
  if (inPackage >= 0) return `${containerDirectory}${path.slice(inPackage)}`;
  const steps = relative(directory, path)
    .split(sep)
    .map((step) => (step === ".." ? above : step));
  return posix.join(containerDirectory, ...steps);
}
