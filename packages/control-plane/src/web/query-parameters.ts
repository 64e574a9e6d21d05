import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  ClassParameterSetSchema,
  ClassParameterValueSchema,
  ParameterType,
  type ClassParameterSpec,
  type ClassParameterValue,
} from "@dorian/protocol/modal";

/**
 * The parameters of a class that a web request gives to its instance, by name in the query. Those that are not given
 * are left out.
 *
 * @throws AppError WEB_PARAMETER_INVALID
 */
export function parametersFromQuery(target: string, specs: readonly ClassParameterSpec[]): Uint8Array {
  const question = target.indexOf("?");
  const query = new URLSearchParams(question < 0 ? "" : target.slice(question + 1));
  const parameters = specs.flatMap((spec) => {
    const text = query.get(spec.name);
    return text === null ? [] : parameterFrom(spec, text);
  });
  return toBinary(ClassParameterSetSchema, create(ClassParameterSetSchema, { parameters }));
}

function parameterFrom({ name, type }: ClassParameterSpec, text: string): ClassParameterValue {
  return create(ClassParameterValueSchema, { name, type, valueOneof: valueFrom(name, type, text) });
}

function valueFrom(name: string, type: ParameterType, text: string) {
  switch (type) {
    case ParameterType.PARAM_TYPE_STRING:
      return { case: "stringValue" as const, value: text };
    case ParameterType.PARAM_TYPE_INT:
      if (!/^[+-]?\d{1,18}$/.test(text)) throw invalid(name, text, "a whole number");
      return { case: "intValue" as const, value: BigInt(text.replace(/^\+/, "")) };
    case ParameterType.PARAM_TYPE_BOOL:
      if (!/^(true|false|1|0)$/i.test(text)) throw invalid(name, text, "true or false");
      return { case: "boolValue" as const, value: /^(true|1)$/i.test(text) };
    case ParameterType.PARAM_TYPE_BYTES:
      return { case: "bytesValue" as const, value: Uint8Array.from(Buffer.from(text)) };
    default:
      throw invalid(name, text, "of a type that can be given in a query");
  }
}

function invalid(name: string, text: string, expected: string): AppError {
  return new AppError(
    "WEB_PARAMETER_INVALID",
    `"${name}" must be ${expected}, not "${text.slice(0, 100)}".`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Correct the address.",
    },
  );
}
