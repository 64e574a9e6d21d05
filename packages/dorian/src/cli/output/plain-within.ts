/**
 * A copy of a value in what JSON has, which knows no bytes, maps, sets or big integers; undefined when the copy would be beyond the
 * limits: a part may stand in many places, or in itself.
 */
export function plainWithin(
  value: unknown,
  most: { parts: number; depth: number },
): { value: unknown } | undefined {
  const beyond = Symbol("beyond the limits");
  let parts = 0;
  const copy = (part: unknown, depth: number): unknown => {
    parts +=
      1 + (typeof part === "string" ? part.length >> 6 : typeof part === "bigint" ? effortOf(part) : 0);
    if (parts > most.parts || depth > most.depth) throw beyond;
    if (typeof part === "bigint") {
      return part >= Number.MIN_SAFE_INTEGER && part <= Number.MAX_SAFE_INTEGER ? Number(part) : String(part);
    }
    if (typeof part !== "object" || part === null || part instanceof Date) return part;
    if (part instanceof Uint8Array) return Buffer.from(part).toString("base64");
    if (ArrayBuffer.isView(part) || Array.isArray(part) || part instanceof Set)
      return Array.from(part as unknown as Iterable<unknown>, (item) => copy(item, depth + 1));
    const entries = part instanceof Map ? [...part.entries()] : Object.entries(part);
    return Object.fromEntries(
      entries.map(([key, item]) => [String(copy(key, depth + 1)), copy(item, depth + 1)]),
    );
  };
  try {
    return { value: copy(value, 0) };
  } catch (error) {
    if (error === beyond) return undefined;
    throw error;
  }
}

/** Decimal digits are found in nearly the square of their number, hexadecimal ones in one pass. */
function effortOf(value: bigint): number {
  return (value.toString(16).length >> 6) ** 2;
}
