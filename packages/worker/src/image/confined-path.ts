import { lstat, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/operator/read-if-present";

const maxLinks = 40;

/**
 * Where `path` of a root file system is on this machine. Symbolic links on the way lead, as they would inside, to places
 * below `root`, never out of it; what does not exist yet is taken as written. With `follow: false` a link at the very
 * end is not followed.
 */
export async function confinedPath(
  root: string,
  path: string,
  options: { follow: boolean },
): Promise<string> {
  const pending = path.split("/");
  let resolved = "/";
  let links = 0;
  while (pending.length > 0) {
    const name = pending.shift() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      resolved = dirname(resolved);
      continue;
    }
    const next = join(resolved, name);
    const isLast = pending.every((rest) => rest === "" || rest === ".");
    const stats = isLast && !options.follow ? undefined : await unlessAbsent(lstat(join(root, next)));
    if (!stats?.isSymbolicLink()) {
      resolved = next;
      continue;
    }
    if (++links > maxLinks) {
      throw new AppError("IMAGE_LINK_LOOP", `Symbolic links at ${path} lead in a circle.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Remove the link in an earlier step of the image.",
      });
    }
    const target = await readlink(join(root, next));
    if (target.startsWith("/")) resolved = "/";
    pending.unshift(...target.split("/"));
  }
  return join(root, resolved);
}
