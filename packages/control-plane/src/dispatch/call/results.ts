import { create, fromBinary } from "@bufbuild/protobuf";
import {
  DataFormat,
  GeneratorDoneSchema,
  GenericResult_GenericStatus,
  GenericResultSchema,
  type FunctionPutOutputsItem,
  type GenericResult,
} from "@dorian/protocol/modal";

/** A result that the server itself gives, instead of the user's code. */
export function serverResult(
  status: "FAILURE" | "TERMINATED" | "TIMEOUT" | "INIT_FAILURE",
  exception: string,
): GenericResult {
  return create(GenericResultSchema, { status: GenericResult_GenericStatus[status], exception });
}

export function payloadBytes(value: { dataOneof?: { case?: string | undefined; value?: unknown } }): number {
  return value.dataOneof?.value instanceof Uint8Array ? value.dataOneof.value.byteLength : 0;
}

const maxResultBytes = 64 * 1024 * 1024;

/**
 * A container's result, or what to tell the caller in its place.
 *
 * @param yielded - Values of the call that have arrived.
 */
export function acceptableResult(
  { result, dataFormat }: Pick<FunctionPutOutputsItem, "result" | "dataFormat">,
  yielded: number,
): GenericResult {
  if (!result || result.status === GenericResult_GenericStatus.UNSPECIFIED)
    return serverResult("FAILURE", "The container answered without a result.");
  const bytes = payloadBytes(result);
  // Early clients refuse results of generators that carry a status of their own.
  result.genStatus = 0;
  const given = dataFormat === DataFormat.GENERATOR_DONE ? itemsTotal(result) : yielded;
  if (given !== yielded)
    return serverResult("FAILURE", `The generator gave ${given} values, of which ${yielded} arrived.`);
  if (bytes <= maxResultBytes) return result;
  return serverResult(
    "FAILURE",
    `The result is ${Math.ceil(bytes / 1024 / 1024)} MiB; the limit is 64 MiB. Write it to a Volume and return its path.`,
  );
}

function itemsTotal({ dataOneof }: GenericResult): number {
  if (dataOneof.case !== "data") return 0;
  try {
    return Number(fromBinary(GeneratorDoneSchema, dataOneof.value).itemsTotal);
  } catch {
    return Number.NaN;
  }
}
