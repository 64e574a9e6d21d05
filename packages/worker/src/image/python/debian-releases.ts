/** What a release of Debian brings along. */
export interface DebianRelease {
  suite: string;
  /** Minor version of its own Python. */
  python: string;
  /** Version of its C library. */
  glibc: string;
}

/** Newest first. */
export const debianReleases: readonly DebianRelease[] = [
  { suite: "trixie", python: "3.13", glibc: "2.41" },
  { suite: "bookworm", python: "3.11", glibc: "2.36" },
  { suite: "bullseye", python: "3.9", glibc: "2.31" },
];

/** What official images are built on whose tag does not say. */
export const usualSuite = "bookworm";
