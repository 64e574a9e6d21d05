/** What a name asks the platform for. */
export type PlatformMountName =
  | { kind: "client"; version: string }
  | { kind: "python"; release: string; version: string; minor: string };

/** Undefined for names of which the platform knows nothing. */
export function parsePlatformMountName(name: string): PlatformMountName | undefined {
  const client = /^modal-client-mount-([\w.]+)$/.exec(name)?.[1];
  if (client !== undefined) return { kind: "client", version: client };
  const [, release = "", version, minor = "", free = ""] =
    /^python-build-standalone\.(\d+)\.((3\.\d+)\.\d+(?:[abrc]+\d+)?(t?))-gnu$/.exec(name) ?? [];
  if (version === undefined) return undefined;
  return { kind: "python", release, version, minor: `${minor}${free}` };
}
