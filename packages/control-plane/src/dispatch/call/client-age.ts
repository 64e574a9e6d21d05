/** True for that version of the official client or a later one, and for callers that are none. */
export function isAtLeast(clientVersion: string | undefined, version: readonly [number, number]): boolean {
  if (!clientVersion) return true;
  const [major = 0, minor = 0] = clientVersion.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return major > version[0] || (major === version[0] && minor >= version[1]);
}
