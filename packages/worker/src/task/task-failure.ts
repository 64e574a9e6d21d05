import { create } from "@bufbuild/protobuf";
import { AppError, messageOf } from "@dorian/base/app-error";
import { GenericResult_GenericStatus, GenericResultSchema, type GenericResult } from "@dorian/protocol/modal";

/** A failure of the platform, not of the user's code, as the result that waiting calls receive. */
export function failureOf(error: unknown): GenericResult {
  const exception = AppError.is(error) ? `${error.message} ${error.remedy}`.trim() : messageOf(error);
  return create(GenericResultSchema, { status: GenericResult_GenericStatus.INIT_FAILURE, exception });
}
