import { AppError } from "@dorian/base/app-error";
import { CborWriter } from "./cbor/cbor-writer.ts";
import { readCbor } from "./cbor/read-cbor.ts";
import { UnreadableAt } from "./cbor/unreadable.ts";
import { maxWrittenBytes, writeAnswer, writeArguments } from "./sending.ts";
import type { WalkOptions } from "./walk-value.ts";

/**
 * Arguments of a call in the plain-data format that every language reads: `[positional, keyword]`. `of` says which call they
 * are of, where there are many: " of the map's item 3".
 *
 * @throws AppError VALUE_NOT_SERIALISABLE with the argument and the place in it, INPUT_TOO_LARGE
 */
export function encodeArguments(
  args: readonly unknown[],
  keywords: Record<string, unknown> = {},
  of = "",
): Uint8Array {
  const writer = new CborWriter({ maxBytes: maxWrittenBytes });
  writeArguments(args, keywords, writer, of);
  return writer.finish();
}

/** @throws AppError VALUE_NOT_READABLE with the argument and the place in it */
export function decodeArguments(bytes: Uint8Array): unknown[] {
  if (bytes.length === 0) return [];
  return positionalArguments(read(bytes, nameOfArgument));
}

/** `[positional, keyword]` as the arguments of a JavaScript function: the keywords become a last one, an object. */
export function positionalArguments(given: unknown): unknown[] {
  const [args, keywords] = Array.isArray(given) ? (given as unknown[]) : [];
  if (!Array.isArray(args)) {
    throw new AppError(
      "VALUE_NOT_READABLE",
      "The arguments of the call are not a list of positions and names.",
      {
        status: "INVALID_ARGUMENT",
        remedy: "Call with a client of this platform.",
      },
    );
  }
  const named = keywords instanceof Map ? Object.fromEntries(keywords) : (keywords ?? {});
  return Object.keys(named as object).length > 0 ? [...(args as unknown[]), named] : (args as unknown[]);
}

/**
 * CBOR of a value.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, naming `what` and where in it the trouble is; RESULT_TOO_LARGE
 */
export function encodeValue(value: unknown, what: string, options?: WalkOptions): Uint8Array {
  const writer = new CborWriter({ maxBytes: maxWrittenBytes });
  writeAnswer(value, what, writer, options);
  return writer.finish();
}

/** @throws AppError VALUE_NOT_READABLE with the place in the value */
export function decodeValue(bytes: Uint8Array, what = "the value"): unknown {
  return bytes.length === 0 ? undefined : read(bytes, (place) => [what, place]);
}

function read(bytes: Uint8Array, named: (place: string) => readonly [what: string, place: string]): unknown {
  try {
    return readCbor(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableAt)) throw error;
    const [what, place] = named(error.place);
    throw new AppError(
      "VALUE_NOT_READABLE",
      `Cannot read ${what}: ${place === "" ? "it" : place} ${error.message}.`,
      {
        status: "INVALID_ARGUMENT",
        remedy:
          error.remedy ??
          "Between languages send plain data: numbers, text, booleans, bytes, dates, lists and maps.",
        cause: error.cause,
      },
    );
  }
}

/** The place in `[positional, keyword]` as the argument that it is in, and the place in that. */
function nameOfArgument(place: string): readonly [string, string] {
  const [, position, name, rest = ""] =
    /^(?:\[0\]\[(\d+)\]|\[1\]\.?([\w$]+|\[[^\]]*\]))(.*)$/s.exec(place) ?? [];
  if (position !== undefined) return [`argument ${Number(position) + 1}`, rest];
  return name === undefined ? ["the arguments", ""] : [`argument "${name}"`, rest];
}
