import type { MachineFacts } from "./machine-facts.ts";

export interface MountLine {
  target: string;
  type: string;
  /** Options of the file system, not of the mount. */
  options: string[];
}

/** Lines of /proc/self/mountinfo. */
export function mountLines(text: string): MountLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [type = "", , options = ""] = after.split(" ");
      return { target: before.split(" ")[4] ?? "", type, options: options.split(",") };
    });
}

/** The mount that a path lies on. */
export function mountOf(path: string, mounts: MountLine[]): MountLine | undefined {
  const above = mounts.filter(
    ({ target }) => path === target || path.startsWith(target === "/" ? "/" : `${target}/`),
  );
  // Of equal targets the last one covers the others.
  return above.reduce<MountLine | undefined>(
    (best, mount) => (best && best.target.length > mount.target.length ? best : mount),
    undefined,
  );
}

/** Layout and usable controllers. `unified` is the content of cgroup.controllers at /sys/fs/cgroup, if any. */
export function cgroupsOf(mounts: MountLine[], unified: string): MachineFacts["cgroups"] {
  const below = mounts.filter(({ target }) => target.startsWith("/sys/fs/cgroup"));
  const legacy = below.filter(({ type }) => type === "cgroup");
  const hasUnified = below.some(({ type }) => type === "cgroup2");
  if (legacy.length === 0) {
    return hasUnified
      ? { layout: "v2", controllers: unified.split(/\s+/).filter(Boolean) }
      : { layout: "none", controllers: [] };
  }
  const flags = new Set(["rw", "ro", "xattr", "clone_children", "none"]);
  const controllers = legacy.flatMap(({ options }) =>
    options.filter((name) => !flags.has(name) && !name.includes("=")),
  );
  return { layout: hasUnified ? "hybrid" : "v1", controllers: [...new Set(controllers)] };
}
