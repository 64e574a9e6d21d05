import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  GenericResult_GenericStatus,
  GenericResultSchema,
  RemoteErrorSchema,
  type GenericResult,
  type RemoteError,
} from "@dorian/protocol/modal";
import { encodeValue } from "@dorian/protocol/payload";
import { missingFileHint } from "./missing-file.ts";

const maxCauses = 8;
const maxTextLength = 1024 * 1024;
const ownFields = new Set(["name", "message", "stack", "cause"]);

/** What a unit of work threw, as a result that any caller can show and ours can rebuild. */
export function failureOf(
  thrown: unknown,
  status: GenericResult_GenericStatus = GenericResult_GenericStatus.FAILURE,
): GenericResult {
  const error = toRemoteError(thrown, maxCauses);
  return create(GenericResultSchema, {
    status,
    exception: shorten(`${error.name}: ${error.message}`),
    traceback: tracebackOf(error),
    remoteError: error,
  });
}

/** The text that a terminal shows for it: its stack, and those of its causes. */
export function tracebackOf(error: RemoteError): string {
  const cause = error.cause ? `\nCaused by: ${tracebackOf(error.cause)}` : "";
  return shorten((error.stack || `${error.name}: ${error.message}`) + cause);
}

export function toRemoteError(thrown: unknown, causesLeft = maxCauses): RemoteError {
  const init: MessageInitShape<typeof RemoteErrorSchema> = isErrorLike(thrown)
    ? {
        name: text(thrown, "name") || "Error",
        message: shorten(messageWithRemedy(thrown)),
        stack: shorten(stackWithHint(thrown)),
        properties: propertiesOf(thrown),
      }
    : { name: "Error", message: `A value that is not an error was thrown: ${shown(thrown)}` };
  const error = create(RemoteErrorSchema, init);
  if (isErrorLike(thrown) && causesLeft > 0 && thrown.cause !== undefined)
    error.cause = toRemoteError(thrown.cause, causesLeft - 1);
  return error;
}

interface ErrorLike {
  message: unknown;
  cause?: unknown;
}

// Errors of another realm (a vm context, a worker) are no instances of this realm's Error.
function isErrorLike(thrown: unknown): thrown is ErrorLike {
  return thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "message" in thrown);
}

function messageWithRemedy(thrown: ErrorLike): string {
  const message = text(thrown, "message");
  if (AppError.is(thrown) && thrown.remedy !== "") return `${message} ${thrown.remedy}`;
  const hint = missingFileHint(thrown);
  return hint === undefined ? message : `${message} ${hint}`;
}

function stackWithHint(thrown: ErrorLike): string {
  const hint = missingFileHint(thrown);
  const stack = text(thrown, "stack");
  if (hint === undefined) return stack;
  const message = text(thrown, "message");
  return stack.replace(message, () => `${message} ${hint}`);
}

function propertiesOf(thrown: object): Uint8Array {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(thrown)) {
    if (ownFields.has(name) || value === undefined) continue;
    try {
      encodeValue(value, name);
      kept[name] = value;
    } catch (error) {
      // What does not serialise stays behind: the rest of the error matters more.
      if (!AppError.is(error)) throw error;
    }
  }
  return Object.keys(kept).length === 0 ? new Uint8Array() : encodeValue(kept, "the properties of an error");
}

// Fields of what users throw may be getters that throw, or no strings.
function text(thrown: object, field: string): string {
  try {
    const value: unknown = Reflect.get(thrown, field);
    return value === undefined || value === null ? "" : String(value);
  } catch {
    return "";
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return typeof value;
  }
}

function shorten(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`;
}
