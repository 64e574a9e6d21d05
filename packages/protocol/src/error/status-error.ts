import { AppError, type StatusName } from "@dorian/base/app-error";

/** Names of the status codes of gRPC by number; 0 is success. */
const statusNames: readonly (StatusName | undefined)[] = [
  undefined,
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

export function statusCode(name: StatusName): number {
  return statusNames.indexOf(name);
}

/** Trailers that carry the parts of an AppError beside the status. */
export const errorTrailers = {
  code: "dorian-error-code",
  remedy: "dorian-error-remedy-bin",
  message: "dorian-error-message-bin",
} as const;

export interface CallStatus {
  code: number;
  details: string;
  /** Text of a trailer; undefined when the server sent none of that name. */
  trailer: (name: string) => string | undefined;
  cause?: unknown;
}

/** A failed call as an AppError, with the parts that the server put in. */
export function statusError(status: CallStatus, address: string): AppError {
  const name = statusNames[status.code] ?? "UNKNOWN";
  const code = status.trailer(errorTrailers.code);
  if (code !== undefined) {
    return new AppError(code, status.trailer(errorTrailers.message) || status.details, {
      status: name,
      remedy: status.trailer(errorTrailers.remedy) ?? "",
    });
  }
  const { cause } = status;
  if (name === "UNAVAILABLE") {
    return new AppError(
      "SERVER_UNREACHABLE",
      `Could not reach a Dorian server at ${address}: ${status.details}.`,
      {
        status: name,
        remedy: "Start one with `dorian up`, or set MODAL_SERVER_URL to where it runs.",
        cause,
      },
    );
  }
  return new AppError(`CALL_${name}`, status.details, { status: name, remedy: "", cause });
}

/**
 * True for a call that found no server, or whose server went away before it answered: another try may succeed. A server that stops
 * resets the calls it has, which looks like a cancellation that nobody here asked for.
 */
export function isServerGone(error: unknown): error is AppError {
  return AppError.is(error) && (error.status === "UNAVAILABLE" || error.code === "CALL_CANCELLED");
}
