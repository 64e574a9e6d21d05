import type { ImageReference } from "@dorian/oci/image-reference";

/** A tag of the official `python` image that can be put together without a registry. */
export interface PythonTag {
  /** As wanted: "3.11.12", "3.11", or "3" for the newest there is. */
  version: string;
  /** Debian release name; undefined when the tag leaves it open. */
  suite: string | undefined;
  /** Without compilers and headers of libraries. */
  slim: boolean;
}

/** Which Python on which Debian a reference to the official `python` image names; undefined for any other image. */
export function pythonTagOf(reference: ImageReference): PythonTag | undefined {
  if (reference.registry !== "docker.io" || reference.repository !== "library/python") return undefined;
  if (reference.digest !== undefined) return undefined;
  const tag = reference.tag === "latest" ? "3" : reference.tag === "slim" ? "3-slim" : reference.tag;
  const match = /^(3(?:\.\d+){0,2})(-slim)?(?:-([a-z]+))?$/.exec(tag);
  if (!match || match[3] === "alpine" || match[3] === "windowsservercore") return undefined;
  return { version: match[1] ?? "", suite: match[3], slim: match[2] !== undefined };
}
