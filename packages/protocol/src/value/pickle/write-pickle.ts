import { maxWrittenBytes, writeAnswer, writeArguments } from "../sending.ts";
import { PickleWriter } from "./pickle-writer.ts";

/**
 * Arguments of a call as Python's clients send them: `((positional…), {keywords})`. `of` says which call they are of, where
 * there are many.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, INPUT_TOO_LARGE
 */
export function pickleArguments(
  positional: readonly unknown[],
  keywords: Record<string, unknown> = {},
  of = "",
): Uint8Array {
  const writer = new PickleWriter({ maxBytes: maxWrittenBytes });
  writeArguments(positional, keywords, writer, of);
  writer.pair();
  return writer.finish();
}

/**
 * A pickle of plain data that any Python reads.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, RESULT_TOO_LARGE
 */
export function pickleValue(value: unknown, what = "the value"): Uint8Array {
  const writer = new PickleWriter({ maxBytes: maxWrittenBytes });
  writeAnswer(value, what, writer);
  return writer.finish();
}
