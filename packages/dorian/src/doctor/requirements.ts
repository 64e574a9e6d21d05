import type { Distribution, PackageManager } from "./distribution.ts";

/** Something that a package of the distribution brings, and that Dorian uses. */
export interface Requirement {
  id: RequirementId;
  title: string;
  /** What for, in the words of a list. */
  purpose: string;
  /** A program that is looked for where programs are, or the path of a file. */
  file: string;
  /** What it is to be without: in the way of everything, or of something. */
  absence: "fail" | "warn";
  packages: Partial<Record<PackageManager, string>>;
  /** What is to be typed behind the installation, where that is not all. */
  afterwards?: Partial<Record<PackageManager, string>>;
  /** Where alone it is needed. */
  family?: Distribution["family"];
}

export type RequirementId =
  | "runc"
  | "tini-static"
  | "nft"
  | "ip"
  | "mmdebstrap"
  | "s3fs"
  | "debian-keys"
  | "gpg";

/** All of them: what `dorian doctor` looks for, `dorian setup` installs, and `script/setup` in a checkout. */
export const requirements: readonly Requirement[] = [
  {
    id: "runc",
    title: "Container runtime",
    purpose: "starts containers",
    file: "runc",
    absence: "fail",
    packages: { apt: "runc", dnf: "runc", pacman: "runc", apk: "runc" },
  },
  {
    id: "tini-static",
    title: "Containers' init",
    purpose: "is the first process of each container",
    file: "/usr/bin/tini-static",
    absence: "fail",
    packages: { apt: "tini", dnf: "tini-static", pacman: "tini", apk: "tini-static" },
    afterwards: { apk: "ln -s /sbin/tini-static /usr/bin/tini-static" },
  },
  {
    id: "nft",
    title: "Firewall tool",
    purpose: "lets containers out, and keeps them apart",
    file: "nft",
    absence: "fail",
    packages: { apt: "nftables", dnf: "nftables", pacman: "nftables", apk: "nftables" },
  },
  {
    id: "ip",
    title: "Network tool",
    purpose: "makes the network of each container",
    file: "ip",
    absence: "fail",
    packages: { apt: "iproute2", dnf: "iproute", pacman: "iproute2", apk: "iproute2" },
  },
  {
    id: "mmdebstrap",
    title: "Debian bootstrap",
    purpose: "makes base images where no registry can be reached",
    file: "mmdebstrap",
    absence: "warn",
    packages: { apt: "mmdebstrap" },
  },
  {
    id: "s3fs",
    title: "Bucket file system",
    purpose: "mounts cloud buckets into containers",
    file: "s3fs",
    absence: "warn",
    packages: { apt: "s3fs", dnf: "s3fs-fuse", pacman: "s3fs-fuse", apk: "s3fs-fuse" },
  },
  {
    id: "debian-keys",
    title: "Debian's keys",
    purpose: "tells that the packages of base images are Debian's",
    file: "/usr/share/keyrings/debian-archive-keyring.gpg",
    absence: "warn",
    packages: { apt: "debian-archive-keyring" },
    family: "ubuntu",
  },
  {
    id: "gpg",
    title: "Key tool",
    purpose: "finds Debian's keys for mmdebstrap",
    file: "gpg",
    absence: "warn",
    packages: { apt: "gpg" },
    family: "ubuntu",
  },
];

/** Those of a distribution. */
export function requirementsOf({ family }: Pick<Distribution, "family">): Requirement[] {
  return requirements.filter((each) => each.family === undefined || each.family === family);
}

const installing: Record<PackageManager, string> = {
  apt: "apt-get install --no-install-recommends",
  dnf: "dnf install",
  pacman: "pacman -S",
  apk: "apk add",
};

/** The lines to type that install them, as far as their packages are known. */
export function installLines(manager: PackageManager | undefined, wanted: readonly Requirement[]): string[] {
  const packages = wanted.flatMap((each) => (manager && each.packages[manager]) ?? []);
  if (manager === undefined || packages.length === 0) return [];
  const afterwards = wanted.flatMap((each) => each.afterwards?.[manager] ?? []);
  return [[installing[manager], ...packages].join(" "), ...afterwards];
}
