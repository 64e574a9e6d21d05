import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  GenericResult_GenericStatus,
  GenericResultSchema,
  RemoteErrorSchema,
  type GenericResult,
  type RemoteError,
} from "@dorian/protocol/modal";
import { encodeValue } from "@dorian/protocol/value/payload";
import { nearestErrorName } from "@dorian/protocol/value/builtin-errors";
import { missingFileHint } from "./missing-file.ts";

/** Errors that one failure tells of: itself, its causes, those that it aggregates, and theirs. */
const maxErrors = 32;
const maxTextLength = 1024 * 1024;
/** Letters of all texts of a failure together: it travels as one message. */
const maxTextLengths = 4 * maxTextLength;
/** Bytes of the own fields of one error. */
const maxPropertyBytes = 1024 * 1024;
const toldApart = new Set(["name", "message", "stack", "cause"]);

/** What a unit of work threw, as a result that any caller can show and ours can rebuild. */
export function failureOf(
  thrown: unknown,
  status: GenericResult_GenericStatus = GenericResult_GenericStatus.FAILURE,
): GenericResult {
  const error = toRemoteError(thrown);
  return create(GenericResultSchema, {
    status,
    exception: shorten(`${error.name}: ${error.message}`, maxTextLength),
    traceback: tracebackOf(error),
    remoteError: error,
  });
}

/** The text that a terminal shows for it: its stack, and those of its causes. */
export function tracebackOf(error: RemoteError): string {
  const cause = error.cause ? `\nCaused by: ${tracebackOf(error.cause)}` : "";
  return shorten((error.stack || headOf(error)) + cause, maxTextLength);
}

export function toRemoteError(thrown: unknown): RemoteError {
  return new Telling().of(thrown, []);
}

/** One failure on its way into a message, which has a limit however much it tells. */
class Telling {
  #errorsLeft = maxErrors;
  #textLeft = maxTextLengths;

  /** `above`: the errors that this one is a part of. One of them again would go on without an end. */
  of(thrown: unknown, above: readonly unknown[]): RemoteError {
    this.#errorsLeft -= 1;
    try {
      return this.#read(thrown, above);
    } catch (error) {
      // A proxy, or a getter: reading it is running its code.
      const message = `What was thrown cannot be read: ${shown(error)}`;
      return create(RemoteErrorSchema, { name: "Error", message: this.#text(message) });
    }
  }

  #read(thrown: unknown, above: readonly unknown[]): RemoteError {
    const properties =
      typeof thrown === "object" && thrown !== null ? propertiesOf(thrown) : new Uint8Array();
    if (!isErrorLike(thrown)) {
      const message = this.#text(`A value that is not an error was thrown: ${shown(thrown)}`);
      return create(RemoteErrorSchema, { name: "Error", message, properties });
    }
    const inside = [...above, thrown];
    const told = (inner: unknown): RemoteError[] =>
      this.#errorsLeft > 0 && !inside.includes(inner) ? [this.of(inner, inside)] : [];
    const name = nameOf(thrown);
    const error = create(RemoteErrorSchema, {
      name,
      message: this.#text(messageWithRemedy(thrown)),
      stack: this.#text(stackOf(thrown, name)),
      properties,
    });
    const aggregated = aggregatedBy(thrown);
    error.errors = aggregated.slice(0, maxErrors).flatMap(told);
    if (error.errors.length > 0) error.stack = stackWithErrors(error, aggregated.length);
    const cause = field(thrown, "cause");
    if (cause !== undefined) [error.cause] = told(cause);
    return error;
  }

  #text(text: string): string {
    const short = shorten(text, Math.min(maxTextLength, this.#textLeft));
    this.#textLeft -= short.length;
    return short;
  }
}

/** The stack of an error that aggregates `count` others, with theirs. */
function stackWithErrors(error: RemoteError, count: number): string {
  const texts = error.errors.map((each, index) => `error ${index + 1} of ${count}: ${tracebackOf(each)}`);
  if (count > texts.length) texts.push(`… and ${count - texts.length} more`);
  const indented = texts.map((each) => each.replaceAll(/^/gm, "    "));
  return shorten([error.stack || headOf(error), ...indented].join("\n"), maxTextLength);
}

function headOf({ name, message }: RemoteError): string {
  return `${name}: ${message}`;
}

interface ErrorLike {
  message: unknown;
  cause?: unknown;
}

// Errors of another realm (a vm context, a worker) are no instances of this realm's Error.
function isErrorLike(thrown: unknown): thrown is ErrorLike {
  return thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "message" in thrown);
}

/** The errors of an AggregateError, or of another error that keeps several as it does. */
function aggregatedBy(thrown: ErrorLike): unknown[] {
  const errors = field(thrown, "errors");
  if (!Array.isArray(errors)) return [];
  const isAggregate = thrown instanceof AggregateError || errors.every((each) => each instanceof Error);
  return isAggregate ? (errors as unknown[]) : [];
}

/** Finds an error's name: its own; of a class that gives its errors none, the name of the class, as Node shows it. */
function nameOf(thrown: ErrorLike): string {
  const name = text(thrown, "name") || "Error";
  if (!(thrown instanceof Error) || Object.hasOwn(thrown, "name") || name !== nearestErrorName(thrown))
    return name;
  const className = thrown.constructor?.name;
  return typeof className === "string" && className !== "" ? className : name;
}

function messageWithRemedy(thrown: ErrorLike): string {
  const message = text(thrown, "message");
  if (AppError.is(thrown) && thrown.remedy !== "") return `${message} ${thrown.remedy}`;
  const hint = missingFileHint(thrown);
  return hint === undefined ? message : `${message} ${hint}`;
}

/** The stack with the name that the caller sees at its head, and with what to do where that is known. */
function stackOf(thrown: ErrorLike, name: string): string {
  const message = text(thrown, "message");
  const stack = withName(text(thrown, "stack"), { name, before: text(thrown, "name"), message });
  const told = messageWithRemedy(thrown);
  return told === message ? stack : stack.replace(message, () => told);
}

function withName(stack: string, head: { name: string; before: string; message: string }): string {
  const { name, before, message } = head;
  if (before !== "") return stack.startsWith(before) ? `${name}${stack.slice(before.length)}` : stack;
  if (stack === "") return stack;
  // Without a name there is no colon either, unless it had one while the stack was taken.
  const beginning = ["", "Error: "].find((each) => stack.startsWith(`${each}${message}`));
  return beginning === undefined ? stack : `${name}: ${stack.slice(beginning.length)}`;
}

function propertiesOf(thrown: object): Uint8Array {
  const kept: Record<string, unknown> = {};
  let room = maxPropertyBytes;
  for (const name of Object.keys(thrown)) {
    if (toldApart.has(name)) continue;
    try {
      const value: unknown = Reflect.get(thrown, name);
      if (value === undefined) continue;
      room -= encodeValue(value, name, { anyError: true }).length + name.length;
      if (room < 0) break;
      Object.defineProperty(kept, name, { value, enumerable: true });
    } catch {
      // What does not serialise, or cannot be read, stays behind: the rest of the error matters more.
    }
  }
  if (Object.keys(kept).length === 0) return new Uint8Array();
  return encodeValue(kept, "the properties of an error", { anyError: true });
}

// Fields of what users throw may be getters that throw, or no strings.
function text(thrown: object, name: string): string {
  try {
    const value = field(thrown, name);
    return value === undefined || value === null ? "" : String(value);
  } catch {
    return "";
  }
}

function field(thrown: object, name: string): unknown {
  try {
    return Reflect.get(thrown, name);
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return typeof value;
  }
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}
