import { AppError } from "@dorian/base/app-error";
import { opcodes } from "./opcodes.ts";
import { pickleValue } from "./write-pickle.ts";

/** What a value of a dict is found by. */
export type DictKey = string | number | bigint | boolean | null | Uint8Array;

/** Fewer bytes get no frame. */
const leastFrame = 4;
/** Python divides longer ones into several frames. */
const maxBytes = 32 * 1024;

/**
 * A key as Python's clients write it, byte for byte: a dict finds keys by their bytes, so that of all pickles of a value only
 * the very one that Python makes will do.
 *
 * @throws AppError DICT_KEY_INVALID
 */
export function pickledKey(key: DictKey): Uint8Array {
  const body = Buffer.concat([bodyOf(key), Buffer.of(opcodes.stop)]);
  if (body.length > maxBytes) throw invalid(`A key takes ${body.length} bytes`, "Use one of at most 32 KiB.");
  const start = Buffer.of(opcodes.proto, 4);
  if (body.length < leastFrame) return Buffer.concat([start, body]);
  const frame = Buffer.alloc(9, opcodes.frame);
  frame.writeBigUInt64LE(BigInt(body.length), 1);
  return Buffer.concat([start, frame, body]);
}

function bodyOf(key: DictKey): Uint8Array {
  if (typeof key === "string") return textBody(key);
  if (key instanceof Uint8Array) return sizedBody(key, opcodes.shortBinBytes, opcodes.binBytes);
  // Plain JavaScript may pass anything.
  if (
    (typeof key === "object" && key !== null) ||
    !["number", "bigint", "boolean", "object"].includes(typeof key)
  )
    throw invalid(
      `A value of type ${typeof key} cannot be a key of a dict`,
      "Use a text, a number, a bigint, true, false, null or bytes.",
    );
  const short = shortInteger(key);
  if (short === undefined) {
    // Other values have one form, between the number of the protocol and the end.
    return pickleValue(key, "the key").subarray(2, -1);
  }
  return short < 2 ** 8
    ? Buffer.of(opcodes.binInt1, short)
    : Buffer.of(opcodes.binInt2, short & 255, short >> 8);
}

/** An integer for which Python has a shorter form than for others. */
function shortInteger(key: number | bigint | boolean | null): number | undefined {
  if (typeof key !== "number" && typeof key !== "bigint") return undefined;
  const number = Number(key);
  const isShort = Number.isInteger(number) && number >= 0 && number < 2 ** 16 && !Object.is(number, -0);
  return isShort ? number : undefined;
}

function textBody(key: string): Buffer {
  if (!key.isWellFormed())
    throw invalid(
      `The key ${JSON.stringify(key)} holds half of a surrogate pair`,
      "Use its bytes as the key.",
    );
  return sizedBody(Buffer.from(key), opcodes.shortBinUnicode, opcodes.binUnicode);
}

function sizedBody(bytes: Uint8Array, short: number, long: number): Buffer {
  const head =
    bytes.length < 2 ** 8
      ? Buffer.of(short, bytes.length)
      : Buffer.concat([Buffer.of(long), uint32(bytes.length)]);
  return Buffer.concat([head, bytes, Buffer.of(opcodes.memoize)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("DICT_KEY_INVALID", `${message}.`, { status: "INVALID_ARGUMENT", remedy });
}
