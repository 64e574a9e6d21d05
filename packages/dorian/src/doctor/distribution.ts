export type PackageManager = "apt" | "dnf" | "pacman" | "apk";

/** Releases whose packages `dorian setup` installs. */
const releases = {
  bookworm: "debian",
  trixie: "debian",
  jammy: "ubuntu",
  noble: "ubuntu",
} as const;
export type Release = keyof typeof releases;

/** What a machine runs, as far as its packages go. */
export interface Distribution {
  /** As it calls itself. */
  name: string;
  manager: PackageManager | undefined;
  /** Whose packages it has, if it has apt's. */
  family: "debian" | "ubuntu" | undefined;
  /** The release of its family that its packages are of; undefined when that is not one that was tried. */
  release: Release | undefined;
}

const managers: Record<string, PackageManager> = {
  debian: "apt",
  ubuntu: "apt",
  fedora: "dnf",
  rhel: "dnf",
  centos: "dnf",
  arch: "pacman",
  alpine: "apk",
};

/** Reads the content of an `os-release` file; derivatives say what they are like, and which release they stand on. */
export function distributionOf(osRelease: string): Distribution {
  const fields = fieldsOf(osRelease);
  const lineage = [fields.get("ID"), ...(fields.get("ID_LIKE") ?? "").split(" ")].filter(
    (id) => id !== undefined,
  );
  const manager = lineage.map((id) => managers[id]).find((each) => each !== undefined);
  const isUbuntu = lineage.includes("ubuntu") || fields.has("UBUNTU_CODENAME");
  const family = manager !== "apt" ? undefined : isUbuntu ? "ubuntu" : "debian";
  const codenames = ["UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME"].map((name) =>
    fields.get(name),
  );
  return {
    name: fields.get("PRETTY_NAME") ?? fields.get("NAME") ?? "a Linux without a name",
    manager,
    family,
    release: codenames.find((name): name is Release => family !== undefined && isReleaseOf(name, family)),
  };
}

function isReleaseOf(name: string | undefined, family: string): boolean {
  return name !== undefined && Object.hasOwn(releases, name) && releases[name as Release] === family;
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^\s*([A-Z_]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) fields.set(name, value.trim().replace(/^(["'])(.*)\1$/, "$2"));
  }
  return fields;
}
