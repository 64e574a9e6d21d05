/** What a called function returned, as text: a string as it is, everything else as JSON. */
export function formatValue(value: unknown, columns: number): string {
  if (typeof value === "string") return value;
  const compact = JSON.stringify(plain(value)) ?? "undefined";
  return compact.length <= columns ? compact : JSON.stringify(plain(value), null, 2);
}

// JSON has no bytes, maps, sets or big integers; results may.
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value) || Array.isArray(value) || value instanceof Set) {
    return Array.from(value as unknown as Iterable<unknown>, plain);
  }
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [String(key), plain(item)]));
}
