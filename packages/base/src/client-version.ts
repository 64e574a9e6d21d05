/** Whether a client's version, such as "0.64.57" or "1.6.4.dev3", comes before another. An empty one counts as newest. */
export function isOlder(version: string | undefined, than: string): boolean {
  if (!version) return false;
  const [mine, other] = [partsOf(version), partsOf(than)];
  for (let i = 0; i < 3; i++) {
    const difference = (mine[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function partsOf(version: string): number[] {
  return version.split(".", 3).map((part) => Number.parseInt(part, 10) || 0);
}
