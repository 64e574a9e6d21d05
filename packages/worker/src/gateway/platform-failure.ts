import { create } from "@bufbuild/protobuf";
import { explanationOf } from "@dorian/base/app-error";
import { GenericResult_GenericStatus, GenericResultSchema, type GenericResult } from "@dorian/protocol/modal";

/** A failure of the platform, not of the user's code, as the result that waiting calls receive. */
export function failureOf(error: unknown): GenericResult {
  const status = GenericResult_GenericStatus.INIT_FAILURE;
  return create(GenericResultSchema, { status, exception: explanationOf(error) });
}
