import { formatBytes } from "../format-bytes.ts";
import { judgeRunc, runcAdvice, runcWarning } from "@dorian/worker/container/runc/runc-holes";
import type { MachineFacts, ProgramName } from "./machine-facts.ts";

export interface Verdict {
  status: "ok" | "warn" | "fail";
  found: string;
  /** What to do; empty when nothing is needed. */
  advice: string;
}

export interface Finding extends Verdict {
  id: string;
  title: string;
}

interface Check {
  id: string;
  title: string;
  judge: (facts: MachineFacts) => Verdict;
}

const gib = 1024 ** 3;
const neededFreeBytes = 4 * gib;
const comfortableFreeBytes = 30 * gib;
const neededControllers = ["cpu", "memory", "pids"];
const neededNamespaces = ["mnt", "pid", "net", "uts", "ipc", "cgroup"];
const goodFileSystems = ["ext4", "xfs", "btrfs"];
const remoteFileSystems = ["nfs", "nfs4", "cifs", "9p", "ceph", "vfat", "exfat", "ntfs"];

/** Every check of `dorian doctor`, in the order in which they are shown. */
export const checks: readonly Check[] = [
  { id: "node", title: "Node", judge: ({ nodeVersion }) => judgeNode(nodeVersion) },
  {
    id: "root",
    title: "Root rights",
    judge: ({ isRoot }) =>
      isRoot
        ? ok("this user may run containers")
        : fail("not root", "run `dorian up` and `dorian worker` as root, e.g. with sudo."),
  },
  { id: "kernel", title: "Kernel", judge: ({ kernelRelease }) => judgeKernel(kernelRelease) },
  { id: "overlay", title: "Overlay file system", judge: judgeOverlay },
  { id: "cgroups", title: "Control groups", judge: ({ cgroups }) => judgeCgroups(cgroups) },
  { id: "swap", title: "Swap limits", judge: ({ swapAccounting }) => judgeSwap(swapAccounting) },
  { id: "namespaces", title: "Namespaces", judge: ({ namespaces }) => judgeNamespaces(namespaces) },
  { id: "user-namespaces", title: "User namespaces", judge: judgeUserNamespaces },
  {
    id: "fuse",
    title: "FUSE",
    judge: ({ hasFuse }) =>
      hasFuse
        ? ok("/dev/fuse")
        : warn("no /dev/fuse", "`modprobe fuse`; only lazy loading from other machines needs it."),
  },
  program("runc", "Container runtime", "runc", "fail"),
  { id: "runc-holes", title: "Published holes", judge: judgeRuncHoles },
  program("tini-static", "Containers' init", "tini", "fail"),
  { id: "runsc", title: "gVisor", judge: judgeGvisor },
  program("nft", "Firewall tool", "nftables", "fail"),
  program("ip", "Network tool", "iproute2", "fail"),
  program("mmdebstrap", "Debian bootstrap", "mmdebstrap", "warn"),
  { id: "forwarding", title: "IP forwarding", judge: ({ ipForward }) => judgeForwarding(ipForward) },
  { id: "registry", title: "Image registry", judge: judgeRegistry },
  { id: "gpu", title: "GPU", judge: ({ gpu }) => judgeGpu(gpu) },
  { id: "space", title: "Free space", judge: ({ storage }) => judgeSpace(storage) },
  { id: "file-system", title: "Data file system", judge: ({ storage }) => judgeFileSystem(storage) },
];

export function judgeMachine(facts: MachineFacts): Finding[] {
  return checks.map(({ id, title, judge }) => ({ id, title, ...judge(facts) }));
}

function judgeNode(version: string): Verdict {
  const major = Number(version.split(".")[0]);
  return major >= 24 ? ok(version) : fail(version, "run `npm ci` again: it installs Node 24 beside Dorian.");
}

function judgeKernel(release: string): Verdict {
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

function judgeOverlay({ overlay, storage }: MachineFacts): Verdict {
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
        "choose a data directory on ext4 or xfs with --data; inside a container, the outer one must be privileged.",
      );
    case "untested":
      return warn("not tried without root rights", "run `dorian doctor` as root.");
  }
}

function judgeCgroups({ layout, controllers }: MachineFacts["cgroups"]): Verdict {
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

function judgeSwap(swapAccounting: boolean | undefined): Verdict {
  if (swapAccounting !== false) return ok(swapAccounting ? "in force" : "not known");
  return warn(
    "memory limits do not hold for swap: a container may fill it",
    "boot with swapaccount=1, or switch swap off.",
  );
}

function judgeRuncHoles({ programs, runcVersion }: MachineFacts): Verdict {
  if (programs.runc === undefined) return warn("not known without runc", "see above.");
  const judged = judgeRunc(runcVersion);
  const warning = runcWarning(judged);
  return warning === undefined ? ok(`none known in runc ${judged.version}`) : warn(warning, runcAdvice);
}

function judgeNamespaces(namespaces: string[]): Verdict {
  const missing = neededNamespaces.filter((name) => !namespaces.includes(name));
  return missing.length === 0
    ? ok(neededNamespaces.join(", "))
    : fail(
        `no ${missing.join(", ")} namespace`,
        "use a kernel that is built with CONFIG_NAMESPACES and its kinds.",
      );
}

function judgeUserNamespaces({ userNamespaces, storage }: MachineFacts): Verdict {
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

function program(name: ProgramName, title: string, debianPackage: string, severity: "warn" | "fail"): Check {
  return {
    id: name,
    title,
    judge: ({ programs }) => {
      const path = programs[name];
      if (path !== undefined) return ok(path);
      return {
        status: severity,
        found: `${name} is not installed`,
        advice: `apt-get install ${debianPackage}`,
      };
    },
  };
}

function judgeGvisor({ programs }: MachineFacts): Verdict {
  return programs.runsc === undefined
    ? warn(
        "runsc is not installed",
        "nothing has to be done unless functions ask for it: `apt-get install runsc`, of 2024 or later (bookworm-backports).",
      )
    : ok(programs.runsc);
}

function judgeForwarding(state: MachineFacts["ipForward"]): Verdict {
  if (state === "locked off") {
    return fail(
      "off, and cannot be switched on from here",
      "set net.ipv4.ip_forward=1 on the host: containers have no way out without it.",
    );
  }
  return ok(state === "on" ? "on" : "off; `dorian up` switches it on");
}

function judgeRegistry({ registry, programs }: MachineFacts): Verdict {
  if (registry.kind === "reachable") return ok(registry.url);
  const found = `${registry.url} does not answer: ${registry.reason}`;
  return programs.mmdebstrap === undefined
    ? fail(
        found,
        "install mmdebstrap, so that base images can be made from Debian packages, or allow the way out.",
      )
    : warn(found, "nothing has to be done: Debian base images are made from Debian's packages instead.");
}

function judgeGpu({ devices, cdiSpecs }: MachineFacts["gpu"]): Verdict {
  if (devices.length === 0) {
    return warn(
      "none",
      "functions that ask for one wait for a worker that has it; `dorian up --simulate-gpus` runs them without.",
    );
  }
  const found = devices.join(", ");
  return cdiSpecs.length > 0
    ? ok(`${found} (${cdiSpecs.join(", ")})`)
    : warn(
        `${found}, but no CDI specification`,
        "install nvidia-container-toolkit, then `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`.",
      );
}

function judgeSpace({ path, freeBytes, lack }: MachineFacts["storage"]): Verdict {
  if (lack) {
    const what = lack === "bytes" ? `only ${formatBytes(freeBytes)}` : "hardly a file (inode)";
    return fail(
      `nearly full: ${what} can be written in ${path}; nothing new is taken`,
      "free some, for example with `dorian volume delete` or `dorian app stop`: docs/reliability.md tells what goes on meanwhile.",
    );
  }
  const found = `${formatBytes(freeBytes)} in ${path}`;
  const advice = "free some, or choose a data directory on a larger disk with --data.";
  if (freeBytes < neededFreeBytes) return fail(found, advice);
  return freeBytes < comfortableFreeBytes
    ? warn(found, `${advice} Images with weights are large.`)
    : ok(found);
}

function judgeFileSystem({ path, fileSystem }: MachineFacts["storage"]): Verdict {
  const advice = "choose a data directory on a local ext4, xfs or btrfs disk with --data.";
  const found = `${fileSystem} at ${path}`;
  if (goodFileSystems.includes(fileSystem)) return ok(found);
  if (remoteFileSystems.includes(fileSystem) || fileSystem.startsWith("fuse")) return fail(found, advice);
  if (fileSystem === "tmpfs") return warn(`${found}: gone after a restart of the machine`, advice);
  return warn(`${found}: not tried`, advice);
}

function ok(found: string): Verdict {
  return { status: "ok", found, advice: "" };
}

function warn(found: string, advice: string): Verdict {
  return { status: "warn", found, advice };
}

function fail(found: string, advice: string): Verdict {
  return { status: "fail", found, advice };
}
