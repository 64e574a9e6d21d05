import { opcodes } from "@dorian/protocol/value/pickle/opcodes";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";

export type DictKey = string | number | boolean | null;

/** Fewer bytes get no frame. */
const leastFrame = 4;

/**
 * A key as Python's clients write it, byte for byte: a dict finds keys by their bytes, so that of all pickles of a value only
 * the very one that Python makes will do.
 */
export function pickledKey(key: DictKey): Uint8Array {
  const body = Buffer.concat([bodyOf(key), Buffer.of(opcodes.stop)]);
  const start = Buffer.of(opcodes.proto, 4);
  if (body.length < leastFrame) return Buffer.concat([start, body]);
  const frame = Buffer.alloc(9, opcodes.frame);
  frame.writeBigUInt64LE(BigInt(body.length), 1);
  return Buffer.concat([start, frame, body]);
}

function bodyOf(key: DictKey): Uint8Array {
  if (typeof key === "string") return textBody(Buffer.from(key));
  if (typeof key === "number" && Number.isInteger(key) && key >= 0 && key < 2 ** 16) {
    return key < 2 ** 8 ? Buffer.of(opcodes.binInt1, key) : Buffer.of(opcodes.binInt2, key & 255, key >> 8);
  }
  // Other values have one form, between the number of the protocol and the end.
  return pickleValue(key, "the key").subarray(2, -1);
}

function textBody(bytes: Buffer): Buffer {
  const head =
    bytes.length < 2 ** 8
      ? Buffer.of(opcodes.shortBinUnicode, bytes.length)
      : Buffer.concat([Buffer.of(opcodes.binUnicode), uint32(bytes.length)]);
  return Buffer.concat([head, bytes, Buffer.of(opcodes.memoize)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
