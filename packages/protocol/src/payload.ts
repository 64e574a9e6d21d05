import { AppError, messageOf } from "@dorian/base/app-error";
import { Encoder } from "cbor-x";

let shared: Encoder | undefined;

// Made on first use: containers start without it. Records and tagged byte strings are this library's own extensions, which other
// CBOR decoders refuse.
function codec(): Encoder {
  return (shared ??= new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: true }));
}

/** Arguments of a call in the plain-data format that every language reads: `[positional, keyword]`. */
export function encodeArguments(
  args: readonly unknown[],
  keywords: Record<string, unknown> = {},
): Uint8Array {
  return encodeValue([args, keywords], "an argument");
}

export function decodeArguments(bytes: Uint8Array): unknown[] {
  return bytes.length === 0 ? [] : positionalArguments(decode(bytes));
}

/** `[positional, keyword]` as the arguments of a JavaScript function: the keywords become a last one, an object. */
export function positionalArguments(given: unknown): unknown[] {
  const [args, keywords] = given as [unknown[], Record<string, unknown> | undefined];
  return keywords && Object.keys(keywords).length > 0 ? [...args, keywords] : args;
}

/**
 * CBOR of a value.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, naming `what` and where in it the trouble is.
 */
export function encodeValue(value: unknown, what: string): Uint8Array {
  const culprit = unserialisable(value, "", new Set());
  if (culprit) throw notSerialisable(what, culprit);
  try {
    return codec().encode(value);
  } catch (error) {
    throw notSerialisable(what, messageOf(error));
  }
}

export function decodeValue(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : decode(bytes);
}

// Byte arrays come out as what the whole was given as: a Buffer would show through to user code.
function decode(bytes: Uint8Array): unknown {
  return codec().decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
}

function notSerialisable(what: string, reason: string): AppError {
  return new AppError("VALUE_NOT_SERIALISABLE", `Cannot send ${what}: ${reason}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      "Send plain data: strings, numbers, booleans, null, dates, byte arrays, arrays, maps and plain objects.",
  });
}

// The encoder drops functions silently and loops on cycles: both must be errors at the border.
function unserialisable(value: unknown, path: string, above: Set<object>): string | undefined {
  const where = path === "" ? "it" : path;
  if (typeof value === "function" || typeof value === "symbol") return `${where} is a ${typeof value}`;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return undefined;
  if (value instanceof Promise) return `${where} is a promise (an await is missing)`;
  if (above.has(value)) return `${where} refers back to itself`;
  above.add(value);
  const entries = value instanceof Map || value instanceof Set ? [...value.entries()] : Object.entries(value);
  for (const [key, item] of entries) {
    const found = unserialisable(
      item,
      Array.isArray(value) ? `${path}[${String(key)}]` : `${path}.${String(key)}`,
      above,
    );
    if (found) return found;
  }
  above.delete(value);
  return undefined;
}
