import type { MachineFacts } from "./machine-facts.ts";
import { fail, ok, type Verdict, warn } from "./verdict.ts";

const neededControllers = ["cpu", "memory", "pids"];
const neededNamespaces = ["mnt", "pid", "net", "uts", "ipc", "cgroup"];

const restart = "A kernel that was upgraded finds its modules only after a restart of the machine.";

export function judgeKernel(release: string): Verdict {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const isAtLeast = (wantedMajor: number, wantedMinor: number) =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (!isAtLeast(5, 6)) {
    return fail(
      release,
      "boot Linux 5.6 or newer, best 6.5 (Debian 13, Ubuntu 24.04): older ones cannot open a file below a directory for sure (openat2).",
    );
  }
  if (isAtLeast(6, 5)) return ok(release);
  return warn(
    `${release}: each version of a volume that a container commits or reloads stays mounted until it ends`,
    "nothing has to be done; Linux 6.5 and newer (Debian 13, Ubuntu 24.04) let old versions go at once.",
  );
}

export function judgeOverlay({ overlay, storage }: MachineFacts): Verdict {
  switch (overlay.kind) {
    case "works":
      return overlay.replace === "beneath"
        ? ok("mounts, and is replaced without a gap")
        : warn(
            "mounts; a volume's old version stays mounted below the new one until the container ends",
            "nothing has to be done; Linux 6.5 and newer can do better.",
          );
    case "fails":
      return fail(
        `cannot be mounted in ${storage.path}: ${overlay.reason}`,
        `choose a data directory on ext4 or xfs with --data; inside a container, the outer one must be privileged. ${restart}`,
      );
    case "untested":
      return warn("not tried without root rights", "run `dorian doctor` as root.");
  }
}

export function judgeCgroups({ layout, controllers }: MachineFacts["cgroups"]): Verdict {
  const missing = neededControllers.filter((name) => !controllers.includes(name));
  if (layout === "none") return fail("none are mounted", "mount cgroup2 at /sys/fs/cgroup.");
  const found = `${layout} (${controllers.join(", ") || "no controllers"})`;
  return missing.length === 0
    ? ok(found)
    : fail(
        found,
        `enable ${missing.join(", ")}: boot with cgroup_enable=${missing.join(",")}, or delegate them here.`,
      );
}

export function judgeSwap(swapAccounting: boolean | undefined): Verdict {
  if (swapAccounting !== false) return ok(swapAccounting ? "in force" : "not known");
  return warn(
    "memory limits do not hold for swap: a container may fill it",
    "boot with swapaccount=1, or switch swap off.",
  );
}

export function judgeNamespaces(namespaces: string[]): Verdict {
  const missing = neededNamespaces.filter((name) => !namespaces.includes(name));
  return missing.length === 0
    ? ok(neededNamespaces.join(", "))
    : fail(
        `no ${missing.join(", ")} namespace`,
        "use a kernel that is built with CONFIG_NAMESPACES and its kinds.",
      );
}

export function judgeUserNamespaces({ userNamespaces, storage }: MachineFacts): Verdict {
  switch (userNamespaces.kind) {
    case "work":
      return ok("containers get user ids of their own");
    case "fail":
      return warn(
        `root in containers is root of this machine, held back only by what it may do (in ${storage.path}: ${userNamespaces.reason})`,
        "use Linux 5.19 or newer and a data directory on ext4, xfs or btrfs, not inside a container that hides parts of /proc.",
      );
    case "untested":
      return warn("not tried without root rights", "run `dorian doctor` as root.");
  }
}

export function judgeForwarding(state: MachineFacts["ipForward"]): Verdict {
  if (state === "locked off") {
    return fail(
      "off, and cannot be switched on from here",
      "set net.ipv4.ip_forward=1 on the host: containers have no way out without it.",
    );
  }
  return ok(state === "on" ? "on" : "off; `dorian up` switches it on");
}

export function judgeContainerNetwork({ containerNetwork }: MachineFacts): Verdict {
  switch (containerNetwork.kind) {
    case "works":
      return ok("bridge, veth and nftables work");
    case "fails":
      return fail(
        `cannot be made: ${containerNetwork.reason}`,
        `boot a kernel with bridges, veth, and nftables with masquerading. ${restart}`,
      );
    case "untested":
      return warn(
        "not tried without root rights, ip and nft",
        "run `dorian doctor` as root when both are there.",
      );
  }
}
