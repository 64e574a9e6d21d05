import { create } from "@bufbuild/protobuf";
import { explanationOf } from "@dorian/base/app-error";
import {
  DataFormat,
  GenericResult_GenericStatus,
  GenericResultSchema,
  type FunctionPutOutputsItem,
  type GenericResult,
} from "@dorian/protocol/modal";

/** A failure of the platform, not of the user's code, as the result that waiting calls receive. */
export function failureOf(error: unknown): GenericResult {
  const status = GenericResult_GenericStatus.INIT_FAILURE;
  return create(GenericResultSchema, { status, exception: explanationOf(error) });
}

/** An output that said that all is well, though what its input wrote is not kept. */
export function outputNotKept(output: FunctionPutOutputsItem, reason: unknown): FunctionPutOutputsItem {
  if (output.result?.status !== GenericResult_GenericStatus.SUCCESS) return output;
  const result = failureOf(reason);
  result.status = GenericResult_GenericStatus.FAILURE;
  return { ...output, result, dataFormat: DataFormat.UNSPECIFIED };
}
