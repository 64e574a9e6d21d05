import { AppError, type StatusName } from "@dorian/base/app-error";
import { Metadata, status as codes, type ServiceError, type StatusObject } from "@grpc/grpc-js";

const codeKey = "dorian-error-code";
const remedyKey = "dorian-error-remedy-bin";
const messageKey = "dorian-error-message-bin";

/**
 * Any thrown value as a gRPC status. The message that foreign clients print verbatim holds what happened and the
 * remedy; trailers carry the parts for our own. What is not an AppError becomes INTERNAL and keeps its details here.
 */
export function toStatus(error: unknown, onInternal: (error: unknown) => void): Partial<StatusObject> {
  if (AppError.is(error)) {
    const metadata = new Metadata();
    metadata.set(codeKey, error.code);
    metadata.set(remedyKey, Buffer.from(error.remedy));
    metadata.set(messageKey, Buffer.from(error.message));
    const details = error.remedy === "" ? error.message : `${error.message} ${error.remedy}`;
    return { code: codes[error.status], details, metadata };
  }
  if (isCancellation(error)) return { code: codes.CANCELLED, details: "The call was cancelled." };
  onInternal(error);
  return {
    code: codes.INTERNAL,
    details: "The server failed in a way it did not foresee. Its log has the cause.",
  };
}

/** A failed gRPC call as an AppError, with the parts that the server put in. */
export function fromStatus(error: ServiceError, address: string): AppError {
  const status = statusNameOf(error.code);
  const code = error.metadata?.get(codeKey)[0];
  if (typeof code === "string") {
    return new AppError(code, text(error.metadata.get(messageKey)[0]) || error.details, {
      status,
      remedy: text(error.metadata.get(remedyKey)[0]),
    });
  }
  if (status === "UNAVAILABLE") {
    return new AppError(
      "SERVER_UNREACHABLE",
      `Could not reach a Dorian server at ${address}: ${error.details}.`,
      {
        status,
        remedy: "Start one with `dorian up`, or set MODAL_SERVER_URL to where it runs.",
        cause: error,
      },
    );
  }
  return new AppError(`CALL_${status}`, error.details, { status, remedy: "", cause: error });
}

function text(value: string | Buffer | undefined): string {
  return value === undefined ? "" : value.toString();
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function statusNameOf(code: number): StatusName {
  return (codes[code] as StatusName | undefined) ?? "UNKNOWN";
}
