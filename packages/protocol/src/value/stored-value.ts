import { AppError } from "@dorian/base/app-error";
import { decodeValue, encodeValue } from "./payload.ts";
import { opcodes } from "./pickle/opcodes.ts";
import { PickleWriter } from "./pickle/pickle-writer.ts";
import { readPickleBefore } from "./pickle/read-pickle.ts";
import { maxPayloadMiB, maxWrittenBytes, writeAnswer } from "./sending.ts";

/**
 * A value as dicts and queues keep it, for readers in any language: a pickle, which is all that official clients read. Where
 * JavaScript tells more apart than Python does (undefined, a Map with text for keys), the same in CBOR follows, behind the pickle's
 * end, where Python does not look; of a Buffer, only that it is one. What Python has nothing for, such as a Date, is CBOR alone.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, naming `what` and where in it the trouble is; VALUE_TOO_LARGE
 */
export function encodeStored(value: unknown, what: string): Uint8Array {
  try {
    return encode(value, what);
  } catch (error) {
    if (!AppError.is(error) || error.code !== "RESULT_TOO_LARGE") throw error;
    throw tooLarge(error.message, error);
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
  if (writer.isExact) return pickle;
  const behind = encodeValue(isBuffer(value) ? anyBuffer : value, what);
  const mebibytes = (pickle.length + behind.length) / 2 ** 20;
  if (mebibytes <= maxPayloadMiB) return Buffer.concat([pickle, behind]);
  throw tooLarge(
    `What is kept for ${what} has ${mebibytes.toFixed(1)} MiB, the limit is ${maxPayloadMiB} MiB: it holds what Python does not tell apart, such as undefined, a Map or a Buffer, and is kept once for each language.`,
  );
}

/** Behind a pickle of bytes it says that they are a Buffer: of large ones nothing is written twice. */
const anyBuffer = Buffer.alloc(0);

/** Not an instance of a class of one's own, which cannot be sent. */
function isBuffer(value: unknown): boolean {
  return Buffer.isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype;
}

function tooLarge(message: string, cause?: AppError): AppError {
  return new AppError("VALUE_TOO_LARGE", message, {
    status: "INVALID_ARGUMENT",
    remedy: "Put large data into a volume, and its path here.",
    cause,
  });
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
    if (end === bytes.length) return value;
    const behind = decodeValue(bytes.subarray(end), what);
    return isBuffer(behind) && value instanceof Uint8Array ? Buffer.from(value) : behind;
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
