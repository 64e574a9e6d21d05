import { AppError } from "@dorian/base/app-error";
import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  type FunctionGetOutputsItem,
} from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/value/payload";
import { readPickle } from "@dorian/protocol/value/pickle/read-pickle";
import type { Transport } from "../client/transport.ts";
import { pythonError } from "./python-error.ts";
import { FunctionTimeoutError, RemoteError } from "./remote-error.ts";

/**
 * The value of an output, or its error thrown.
 *
 * @throws RemoteError, FunctionTimeoutError, AppError CALL_CANCELLED, CALL_FAILED, RESULT_NOT_READABLE
 */
export async function valueOf(wire: Transport, output: FunctionGetOutputsItem): Promise<unknown> {
  const { result } = output;
  if (result?.status !== Status.SUCCESS) throw failureOf(result);
  return plainValue(output.dataFormat, await bytesOf(wire, result.dataOneof));
}

type Data = { case: "data"; value: Uint8Array } | { case: "dataBlobId"; value: string } | { case: undefined };

/** What a message holds itself, or says where to fetch. */
export async function bytesOf(wire: Transport, data: Data): Promise<Uint8Array | undefined> {
  if (data.case !== "dataBlobId") return data.case && data.value;
  const { downloadUrl } = await wire.modal.blobGet({ blobId: data.value });
  const response = await fetch(downloadUrl);
  if (response.ok) return await response.bytes();
  throw new AppError(
    "RESULT_UNREADABLE",
    `The result could not be fetched: HTTP status ${response.status}.`,
    {
      status: "UNAVAILABLE",
      remedy: "Ask for it again with FunctionCall.fromId(…).get().",
    },
  );
}

export function plainValue(dataFormat: DataFormat, bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  if (dataFormat === DataFormat.CBOR) return decodeValue(bytes, "the result");
  // From functions of Python clients that know nothing else.
  if (dataFormat === DataFormat.PICKLE) return readPickle(bytes);
  throw notReadable(formats[dataFormat] ?? `data format ${dataFormat}`);
}

const formats: Partial<Record<DataFormat, string>> = {
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
  if (result?.traceback) return new RemoteError(pythonError(message, result.traceback));
  const cancelled = result?.status === Status.TERMINATED;
  return new AppError(cancelled ? "CALL_CANCELLED" : "CALL_FAILED", message, {
    status: cancelled ? "CANCELLED" : "ABORTED",
    remedy: "",
  });
}
