import { AppError } from "@dorian/base/app-error";
import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  type FunctionGetOutputsItem,
} from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/payload";
import { FunctionTimeoutError, RemoteError } from "./remote-error.ts";

/**
 * The value of an output, or its error thrown.
 *
 * @throws RemoteError, FunctionTimeoutError, AppError CALL_CANCELLED, CALL_FAILED, RESULT_NOT_READABLE
 */
export function valueOf(output: FunctionGetOutputsItem): unknown {
  const { result } = output;
  if (result?.status !== Status.SUCCESS) throw failureOf(result);
  if (result.dataOneof.case === "dataBlobId") throw notReadable("a blob");
  if (result.dataOneof.case === undefined) return undefined;
  if (output.dataFormat === DataFormat.CBOR) return decodeValue(result.dataOneof.value);
  throw notReadable(formats[output.dataFormat] ?? `data format ${output.dataFormat}`);
}

const formats: Partial<Record<DataFormat, string>> = {
  [DataFormat.PICKLE]: "a Python pickle",
  [DataFormat.ASGI]: "a web response",
  [DataFormat.GENERATOR_DONE]: "the values of a generator",
};

function notReadable(what: string): AppError {
  return new AppError(
    "RESULT_NOT_READABLE",
    `The function answered with ${what}, which cannot be read here.`,
    {
      remedy: "Let it return plain data, and declare CBOR as its output format.",
    },
  );
}

/** The error that a failed output stands for. */
export function failureOf(result: FunctionGetOutputsItem["result"]): Error {
  if (result?.remoteError) return new RemoteError(result.remoteError);
  const message = result?.exception || "The call failed and the server does not say why.";
  if (result?.status === Status.TIMEOUT) return new FunctionTimeoutError(message);
  if (result?.traceback) return new RemoteError({ name: "RemoteError", message, stack: result.traceback });
  const cancelled = result?.status === Status.TERMINATED;
  return new AppError(cancelled ? "CALL_CANCELLED" : "CALL_FAILED", message, {
    status: cancelled ? "CANCELLED" : "ABORTED",
    remedy: "",
  });
}
