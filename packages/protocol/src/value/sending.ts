import { AppError } from "@dorian/base/app-error";
import { SinkFull, type ValueSink } from "./value-sink.ts";
import { UnsendableAt } from "./unsendable.ts";
import { walkValue, type WalkOptions } from "./walk-value.ts";

/** What the arguments of a call, a result or a value of a generator may take. */
export const maxPayloadMiB = 64;
/** Where writing stops: a value that stands in many places may grow without an end. Up to here the error tells the size. */
export const maxWrittenBytes = 2 * maxPayloadMiB * 2 ** 20;

/**
 * Writes one value. `what` names it in the sender's words: "argument 2".
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, with its place in the value; and what the sink throws
 */
export function writeNamed(value: unknown, what: string, sink: ValueSink, options?: WalkOptions): void {
  try {
    walkValue(value, sink, options);
  } catch (error) {
    if (!(error instanceof UnsendableAt)) throw error;
    const { place, message, remedy, cause } = error;
    throw new AppError(
      "VALUE_NOT_SERIALISABLE",
      `Cannot send ${what}: ${place === "" ? "it" : place.trim()} ${message}.`,
      {
        status: "INVALID_ARGUMENT",
        remedy:
          remedy ??
          "Send plain data: text, numbers, booleans, null, dates, byte arrays, lists, maps, sets and plain objects.",
        cause,
      },
    );
  }
}

/**
 * Writes the arguments of a call one by one: a list of those by position, and a map of those by name. `of` says which
 * call they are of, where there are many.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, INPUT_TOO_LARGE
 */
export function writeArguments(
  args: readonly unknown[],
  keywords: Record<string, unknown>,
  sink: ValueSink & { openArguments(count: number): void; closeArguments(): void },
  of: string,
): void {
  const size = sizeOf(sink, () => {
    sink.openArguments(args.length);
    for (let index = 0; index < args.length; index++)
      writeNamed(args[index], `argument ${index + 1}${of}`, sink);
    sink.closeArguments();
    const named = Object.entries(keywords);
    sink.openMap(named.length);
    for (const [name, value] of named) {
      sink.text(name);
      writeNamed(value, `argument "${name}"${of}`, sink);
    }
    sink.closeMap();
  });
  if (size === undefined) return;
  throw new AppError(
    "INPUT_TOO_LARGE",
    `The arguments${of} take ${size}; at most ${maxPayloadMiB} MiB can be sent.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Put large data into a Volume and pass its path.",
    },
  );
}

/**
 * Writes what a call answers with.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, RESULT_TOO_LARGE
 */
export function writeAnswer(value: unknown, what: string, sink: ValueSink, options?: WalkOptions): void {
  const size = sizeOf(sink, () => writeNamed(value, what, sink, options));
  if (size === undefined) return;
  const named = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  throw new AppError("RESULT_TOO_LARGE", `${named} has ${size}, the limit is ${maxPayloadMiB} MiB.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Write large data to a Volume and return its path.",
  });
}

/** The size of what is written, in words, if that is too large. */
function sizeOf(sink: ValueSink, write: () => void): string | undefined {
  try {
    write();
  } catch (error) {
    if (!(error instanceof SinkFull)) throw error;
    return `more than ${maxWrittenBytes / 2 ** 20} MiB`;
  }
  const mebibytes = sink.size / 2 ** 20;
  if (mebibytes <= maxPayloadMiB) return undefined;
  return `${Math.max(mebibytes, maxPayloadMiB + 0.1)
    .toFixed(1)
    .replace(/\.0$/, "")} MiB`;
}
