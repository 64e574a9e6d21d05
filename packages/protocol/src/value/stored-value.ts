import { AppError } from "@dorian/base/app-error";
import { decodeValue, encodeValue } from "./payload.ts";
import { opcodes } from "./pickle/opcodes.ts";
import { PickleWriter } from "./pickle/pickle-writer.ts";
import { readPickleBefore } from "./pickle/read-pickle.ts";
import { maxWrittenBytes, writeAnswer } from "./sending.ts";

/**
 * A value as dicts and queues keep it, for readers in any language: a pickle, which is all that official clients read. Where
 * JavaScript tells more apart than Python does (undefined, a Map with text for keys), the same in CBOR follows, behind the pickle's
 * end, where Python does not look. What Python has nothing for, such as a Date, is CBOR alone.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, naming `what` and where in it the trouble is; VALUE_TOO_LARGE
 */
export function encodeStored(value: unknown, what: string): Uint8Array {
  try {
    return encode(value, what);
  } catch (error) {
    if (!AppError.is(error) || error.code !== "RESULT_TOO_LARGE") throw error;
    throw new AppError("VALUE_TOO_LARGE", error.message, {
      status: "INVALID_ARGUMENT",
      remedy: "Put large data into a volume, and its path here.",
      cause: error,
    });
  }
}

function encode(value: unknown, what: string): Uint8Array {
  const writer = new PickleWriter({ maxBytes: maxWrittenBytes });
  try {
    writeAnswer(value, what, writer);
  } catch (error) {
    if (!AppError.is(error) || error.code !== "VALUE_NOT_SERIALISABLE") throw error;
    return encodeValue(value, what);
  }
  const pickle = writer.finish();
  return writer.isExact ? pickle : Buffer.concat([pickle, encodeValue(value, what)]);
}

/**
 * Reads what {@link encodeStored} of any version wrote, or an official client. Nothing in it is run.
 *
 * @throws AppError VALUE_NOT_READABLE, naming `what`
 */
export function decodeStored(bytes: Uint8Array, what: string): unknown {
  if (!isPickle(bytes)) return decodeValue(bytes, what);
  try {
    const { value, end } = readPickleBefore(bytes);
    return end < bytes.length ? decodeValue(bytes.subarray(end), what) : value;
  } catch (error) {
    if (!AppError.is(error) || error.code === "VALUE_NOT_READABLE") throw error;
    const { message, remedy, status } = error;
    throw new AppError("VALUE_NOT_READABLE", `Cannot read ${what}. ${message}`, {
      status,
      remedy,
      cause: error,
    });
  }
}

/** The first byte alone would be an empty list in CBOR. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === opcodes.proto && bytes.length > 1;
}
