import type { ImageReference } from "@dorian/oci/image-reference";

/** A Debian base that can be made from Debian's own packages. */
export interface DebianTag {
  /** Release name such as "bookworm". */
  suite: string;
  /** Without manual pages, documentation and translations. */
  slim: boolean;
}

const releases: Record<string, string> = {
  latest: "stable",
  "11": "bullseye",
  "12": "bookworm",
  "13": "trixie",
  "14": "forky",
};

/** The Debian release that a reference to the official `debian` image names; undefined for any other image. */
export function debianTagOf(reference: ImageReference): DebianTag | undefined {
  if (reference.registry !== "docker.io" || reference.repository !== "library/debian") return undefined;
  if (reference.digest !== undefined) return undefined;
  const match = /^([a-z]+|\d+)(?:\.\d+)?(-slim)?$/.exec(reference.tag);
  if (!match) return undefined;
  const [, release = "", slim] = match;
  if (release === "slim") return undefined;
  return { suite: releases[release] ?? release, slim: slim !== undefined };
}
