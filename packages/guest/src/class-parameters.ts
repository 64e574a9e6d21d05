import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  ClassParameterInfo_ParameterSerializationFormat,
  ClassParameterSetSchema,
  type ClassParameterInfo,
} from "@dorian/protocol/modal";

/** Values of a class's parameters: those that the call was bound with, and defaults for the rest. */
export function classParameters(
  serialized: Uint8Array,
  info: ClassParameterInfo | undefined,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const spec of info?.schema ?? []) {
    if (spec.hasDefault) values[spec.name] = plain(spec.defaultOneof.value);
  }
  if (serialized.length === 0) return values;
  if (info?.format === ClassParameterInfo_ParameterSerializationFormat.PARAM_SERIALIZATION_FORMAT_PICKLE) {
    throw new AppError("PARAMETERS_PICKLED", "The class parameters came in Python's pickle format.", {
      status: "INVALID_ARGUMENT",
      remedy: "Declare them with @parameter(), which every client understands.",
    });
  }
  for (const parameter of fromBinary(ClassParameterSetSchema, serialized).parameters)
    values[parameter.name] = plain(parameter.valueOneof.value);
  return values;
}

// Integers travel as 64 bits; user code expects plain numbers wherever they fit.
function plain(value: string | bigint | boolean | Uint8Array | undefined): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
