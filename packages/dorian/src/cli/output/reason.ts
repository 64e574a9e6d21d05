import { getSystemErrorMap } from "node:util";
import { messageOf, type AppError, type StatusName } from "@dorian/base/app-error";
import { UsageError } from "../input.ts";

/** Why a call fails that says no more than its kind. */
const ofStatus: Record<StatusName, string> = {
  CANCELLED: "it was given up before it was done",
  UNKNOWN: "nothing more is known",
  INVALID_ARGUMENT: "what was given cannot be used as it is",
  DEADLINE_EXCEEDED: "it took longer than it may",
  NOT_FOUND: "nothing of that name is there",
  ALREADY_EXISTS: "something of that name is there already",
  PERMISSION_DENIED: "who asks is not allowed to do this",
  RESOURCE_EXHAUSTED: "a limit is reached",
  FAILED_PRECONDITION: "things are not as this needs them",
  ABORTED: "it ended before it was done",
  OUT_OF_RANGE: "it lies beyond what there is",
  UNIMPLEMENTED: "this is not served here",
  INTERNAL: "something failed inside Dorian",
  UNAVAILABLE: "what this needs is not there now",
  DATA_LOSS: "what was kept is not whole",
  UNAUTHENTICATED: "the server does not know who asks",
};

/** Why an error came about, in words, on one line. */
export function reasonOf(error: AppError): string {
  if (error instanceof UsageError) return "the command takes something else";
  const cause = error.cause === undefined ? "" : inWords(error.cause);
  return cause === "" ? ofStatus[error.status] : cause;
}

/** What an error says, on one line. The system's own begin with a code, such as "ENOENT: no such file": it is left out, or translated. */
export function inWords(error: unknown): string {
  if (error instanceof AggregateError && error.message === "" && error.errors.length > 0)
    return inWords(error.errors[0]);
  const text = messageOf(error)
    .trim()
    .replaceAll(/\s*[\r\n]+\s*/g, " ");
  const [, code, rest] = /^(?:(?:[a-z]+ )?)(E[A-Z0-9]{2,})\b:? ?(.*)$/.exec(text) ?? [];
  if (code === undefined) return text;
  const [, known] = [...getSystemErrorMap().values()].find(([name]) => name === code) ?? [];
  if (known === undefined) return text;
  return rest === "" || rest === undefined ? known : rest.startsWith(known) ? rest : `${known} (${rest})`;
}
