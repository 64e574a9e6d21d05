import { must } from "@dorian/base/must";
import {
  judgeCgroups,
  judgeContainerNetwork,
  judgeForwarding,
  judgeKernel,
  judgeNamespaces,
  judgeOverlay,
  judgeSwap,
  judgeUserNamespaces,
} from "./judge-kernel.ts";
import { judgeCriu, judgeGvisor, judgeRequirement, judgeRuncHoles } from "./judge-programs.ts";
import { judgeFileSystem, judgeSpace } from "./judge-storage.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { type RequirementId, requirements, requirementsOf } from "./requirements.ts";
import { fail, ok, type Verdict, warn } from "./verdict.ts";

export interface Finding extends Verdict {
  id: string;
  title: string;
}

interface Check {
  id: string;
  title: string;
  judge: (facts: MachineFacts) => Verdict;
  /** Whether it means anything on a machine; on any, unless said. */
  applies?: (facts: MachineFacts) => boolean;
}

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
  requirement("runc"),
  { id: "runc-holes", title: "Published holes", judge: judgeRuncHoles },
  requirement("tini-static"),
  { id: "runsc", title: "gVisor", judge: judgeGvisor },
  { id: "criu", title: "Memory snapshots", judge: judgeCriu },
  requirement("nft"),
  requirement("ip"),
  { id: "container-network", title: "Container network", judge: judgeContainerNetwork },
  requirement("mmdebstrap"),
  requirement("s3fs"),
  requirement("debian-keys"),
  requirement("gpg"),
  { id: "forwarding", title: "IP forwarding", judge: ({ ipForward }) => judgeForwarding(ipForward) },
  { id: "registry", title: "Image registry", judge: judgeRegistry },
  { id: "gpu", title: "GPU", judge: ({ gpu }) => judgeGpu(gpu) },
  { id: "space", title: "Free space", judge: ({ storage }) => judgeSpace(storage) },
  { id: "file-system", title: "Data file system", judge: ({ storage }) => judgeFileSystem(storage) },
];

export function judgeMachine(facts: MachineFacts): Finding[] {
  return checks
    .filter(({ applies }) => applies?.(facts) ?? true)
    .map(({ id, title, judge }) => ({ id, title, ...judge(facts) }));
}

function requirement(id: RequirementId): Check {
  const wanted = must(
    requirements.find((each) => each.id === id),
    `the requirement ${id}`,
  );
  return {
    id,
    title: wanted.title,
    judge: (facts) => judgeRequirement(wanted, facts),
    applies: ({ distribution }) => requirementsOf(distribution).includes(wanted),
  };
}

function judgeNode(version: string): Verdict {
  const major = Number(version.split(".")[0]);
  return major >= 24
    ? ok(version)
    : fail(version, "`npm install node@24`, where Dorian is installed, puts it beside Dorian.");
}

function judgeRegistry({ registry, installed }: MachineFacts): Verdict {
  if (registry.kind === "reachable") return ok(registry.url);
  const found = `${registry.url} does not answer: ${registry.reason}`;
  return installed.mmdebstrap === undefined
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
