import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** All that a user can tell about the files below `root`: each path with type, permissions, owner, time and content. */
export function readTree(root: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (path: string) => {
    for (const name of readdirSync(join(root, path)).toSorted()) {
      const at = join(path, name);
      const hostPath = join(root, at);
      const stats = lstatSync(hostPath, { bigint: true });
      const common = `${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${stats.mtimeNs}`;
      if (stats.isDirectory()) tree[at] = `directory ${common}`;
      else if (stats.isSymbolicLink()) tree[at] = `link ${common} ${readlinkSync(hostPath)}`;
      else if (stats.isFile()) tree[at] = `file ${common} ${readFileSync(hostPath, "utf8")}`;
      else tree[at] = `special ${common}`;
      if (stats.isDirectory()) visit(at);
    }
  };
  visit("");
  return tree;
}
