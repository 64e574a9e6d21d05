import { AppError } from "@dorian/base/app-error";
import { decodeValue } from "@dorian/protocol/value/payload";
import { readPickle } from "@dorian/protocol/value/pickle/read-pickle";
import { isPickle } from "@dorian/protocol/value/stored-value";
import { formatBytes } from "../../format-bytes.ts";
import { plainWithin } from "../output/plain-within.ts";

/** What a client has put into a dict or a queue, as far as it can be shown. */
export type StoredValue =
  | { encoding: "pickle" | "cbor"; bytes: number; value: unknown }
  | { encoding: "pickle" | "cbor"; bytes: number; unreadable: string };

/** A few bytes of a pickle may stand for very much. */
const most = { parts: 1_000_000, depth: 200 };

/** Reads a pickle of plain data, or CBOR. Nothing in it is run. */
export function storedValue(content: Uint8Array): StoredValue {
  const encoding = isPickle(content) ? "pickle" : "cbor";
  const bytes = content.length;
  try {
    const read = encoding === "pickle" ? readPickle(content) : decodeValue(content);
    const plain = plainWithin(read, most);
    if (plain === undefined) return { encoding, bytes, unreadable: "It stands for more than can be shown." };
    return { encoding, bytes, value: plain.value };
  } catch (error) {
    if (!AppError.is(error)) throw error;
    return { encoding, bytes, unreadable: error.message };
  }
}

/** One line for a table. */
export function storedText(stored: StoredValue, columns: number): string {
  if ("unreadable" in stored)
    return `<${stored.encoding}, ${formatBytes(stored.bytes)}: ${stored.unreadable}>`;
  const { value } = stored;
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return text.length <= columns ? text : `${text.slice(0, columns)}… (${formatBytes(stored.bytes)})`;
}

/** For `--json`. */
export function storedJson(stored: StoredValue): object {
  if ("unreadable" in stored) return stored;
  return { ...stored, value: stored.value ?? null };
}
