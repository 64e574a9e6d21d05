import { readFile } from "node:fs/promises";

export interface MountEntry {
  mountId: number;
  parentId: number;
  /** Where it is mounted, as seen by the process asked about. */
  target: string;
  /** Device number as "major:minor"; equal for every mount of one file system instance. */
  device: string;
  type: string;
}

/** Mounts that a process sees, in mount order. */
export async function mountTable(pid: number | "self" = "self"): Promise<MountEntry[]> {
  const text = await readFile(`/proc/${pid}/mountinfo`, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [mountId, parentId, device = "", , target = ""] = before.split(" ");
      return {
        mountId: Number(mountId),
        parentId: Number(parentId),
        device,
        target: unescape(target),
        type: after.split(" ")[0] ?? "",
      };
    });
}

// The kernel writes blanks and backslashes in paths as three octal digits.
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
