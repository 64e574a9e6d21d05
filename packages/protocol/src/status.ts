import { AppError } from "@dorian/base/app-error";
import { Metadata, status as codes, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { errorTrailers, statusError } from "./status-error.ts";

/**
 * Any thrown value as a gRPC status. The message that foreign clients print verbatim holds what happened and the
 * remedy; trailers carry the parts for our own. What is not an AppError becomes INTERNAL and keeps its details here.
 */
export function toStatus(error: unknown, onInternal: (error: unknown) => void): Partial<StatusObject> {
  if (AppError.is(error)) {
    const metadata = new Metadata();
    metadata.set(errorTrailers.code, error.code);
    metadata.set(errorTrailers.remedy, Buffer.from(error.remedy));
    metadata.set(errorTrailers.message, Buffer.from(error.message));
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
  return statusError(
    {
      code: error.code,
      details: error.details,
      trailer: (name) => error.metadata?.get(name)[0]?.toString(),
      cause: error,
    },
    address,
  );
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
