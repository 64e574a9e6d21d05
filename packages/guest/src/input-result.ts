import { create } from "@bufbuild/protobuf";
import {
  GenericResult_GenericStatus,
  GenericResultSchema,
  type DataFormat,
  type GenericResult,
} from "@dorian/protocol/modal";

/** What became of an input. */
export interface InputResult {
  result: GenericResult;
  dataFormat: DataFormat;
}

export function success(data: Uint8Array, dataFormat: DataFormat): InputResult {
  const result = create(GenericResultSchema, {
    status: GenericResult_GenericStatus.SUCCESS,
    dataOneof: { case: "data", value: data },
  });
  return { result, dataFormat };
}
