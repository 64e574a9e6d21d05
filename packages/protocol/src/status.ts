import type { AppError } from "@dorian/base/app-error";
import type { ServiceError } from "@grpc/grpc-js";
import { statusError } from "./status-error.ts";

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
