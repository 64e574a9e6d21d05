import { plainWithin } from "./plain-within.ts";

/** What a called function returned, as text: a string as it is, everything else as JSON. */
export function formatValue(value: unknown, columns: number): string {
  if (typeof value === "string") return value;
  const plain = plainWithin(value, { parts: Infinity, depth: Infinity })?.value;
  const compact = JSON.stringify(plain) ?? "undefined";
  return compact.length <= columns ? compact : JSON.stringify(plain, null, 2);
}
