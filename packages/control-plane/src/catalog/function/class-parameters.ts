import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  ClassParameterInfo_ParameterSerializationFormat as Format,
  ClassParameterSetSchema,
  ClassParameterValueSchema,
  ParameterType,
  type ClassParameterInfo,
  type ClassParameterSpec,
  type ClassParameterValue,
} from "@dorian/protocol/modal";
import { readPickle } from "@dorian/protocol/value/pickle/read-pickle";

const maxBytes = 16 * 1024;

/**
 * The parameters in one canonical form, so that equal sets have equal bytes: defaults filled in, in the order of the
 * schema. Formats that only the container can read are returned as they are.
 *
 * @throws AppError CLASS_PARAMETERS_INVALID
 */
export function canonicalParameters(
  tag: string,
  info: ClassParameterInfo | undefined,
  serialized: Uint8Array,
): Uint8Array {
  const className = tag.replace(/\.\*$/, "");
  if (serialized.length > maxBytes) {
    throw invalid(
      `The parameters of ${className} take ${serialized.length} bytes; ${maxBytes} are allowed.`,
      "Pass large values as arguments of a method, or through a volume.",
    );
  }
  if (info?.format !== Format.PARAM_SERIALIZATION_FORMAT_PROTO) return serialized;
  const given = new Map(parse(className, serialized).map((value) => [value.name, value]));
  const parameters = info.schema.map((spec) => {
    const value = given.get(spec.name);
    given.delete(spec.name);
    return value ? checked(className, spec, value) : defaultOf(className, spec);
  });
  const [unknown] = given.keys();
  if (unknown !== undefined) {
    const names = info.schema.map((spec) => spec.name).join(", ") || "none";
    throw invalid(`${className} has no parameter "${unknown}".`, `Its parameters are: ${names}.`);
  }
  return toBinary(ClassParameterSetSchema, create(ClassParameterSetSchema, { parameters }));
}

/** What every pickle begins with, and no set of parameters. */
const pickleStart = 0x80;

function parse(className: string, serialized: Uint8Array): ClassParameterValue[] {
  if (serialized[0] === pickleStart) return parsePickle(className, serialized);
  return readable(className, () => fromBinary(ClassParameterSetSchema, serialized).parameters);
}

/**
 * The form `(args, kwargs)`, in which Python's clients send the parameters of `self` for `self.method.remote()`: when its container
 * makes that handle, it does not know the schema yet.
 */
function parsePickle(className: string, serialized: Uint8Array): ClassParameterValue[] {
  const { positional, named } = readable(className, () => {
    const [args, kwargs] = readPickle(serialized) as [unknown[], Record<string, unknown>];
    return { positional: args.length, named: Object.entries(kwargs) };
  });
  if (positional > 0)
    throw invalid(`${className} takes its parameters by name.`, "Pass none by its position.");
  return named.map(([name, value]) =>
    create(ClassParameterValueSchema, { name, valueOneof: protoValue(value) }),
  );
}

function readable<T>(className: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new AppError("CLASS_PARAMETERS_INVALID", `The parameters of ${className} cannot be read.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Update the client.",
      cause: error,
    });
  }
}

function protoValue(value: unknown): ClassParameterValue["valueOneof"] {
  if (typeof value === "string") return { case: "stringValue", value };
  if (typeof value === "boolean") return { case: "boolValue", value };
  if (typeof value === "bigint" || Number.isInteger(value)) {
    const whole = BigInt(value as number);
    return BigInt.asIntN(64, whole) === whole ? { case: "intValue", value: whole } : { case: undefined };
  }
  return value instanceof Uint8Array ? { case: "bytesValue", value } : { case: undefined };
}

const cases: Partial<Record<ParameterType, { value: string; name: string }>> = {
  [ParameterType.PARAM_TYPE_STRING]: { value: "stringValue", name: "a string" },
  [ParameterType.PARAM_TYPE_INT]: { value: "intValue", name: "an integer of 64 bits" },
  [ParameterType.PARAM_TYPE_BYTES]: { value: "bytesValue", name: "bytes" },
  [ParameterType.PARAM_TYPE_BOOL]: { value: "boolValue", name: "a boolean" },
};

function checked(
  className: string,
  spec: ClassParameterSpec,
  value: ClassParameterValue,
): ClassParameterValue {
  const expected = cases[spec.type];
  if (expected && value.valueOneof.case !== expected.value) {
    throw invalid(
      `The parameter "${spec.name}" of ${className} must be ${expected.name}.`,
      "Pass a value of the declared type.",
    );
  }
  return create(ClassParameterValueSchema, {
    name: spec.name,
    type: spec.type,
    valueOneof: value.valueOneof as NonNullable<typeof value.valueOneof>,
  });
}

function defaultOf(className: string, spec: ClassParameterSpec): ClassParameterValue {
  if (!spec.hasDefault) {
    throw invalid(`${className} needs the parameter "${spec.name}".`, "Pass it when you make the instance.");
  }
  const value = spec.defaultOneof;
  const valueOneof = ((): ClassParameterValue["valueOneof"] => {
    switch (value.case) {
      case "stringDefault":
        return { case: "stringValue", value: value.value };
      case "intDefault":
        return { case: "intValue", value: value.value };
      case "bytesDefault":
        return { case: "bytesValue", value: value.value };
      case "pickleDefault":
        return { case: "pickleValue", value: value.value };
      case "boolDefault":
        return { case: "boolValue", value: value.value };
      case undefined:
        return { case: undefined };
    }
  })();
  return create(ClassParameterValueSchema, { name: spec.name, type: spec.type, valueOneof });
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("CLASS_PARAMETERS_INVALID", message, { status: "INVALID_ARGUMENT", remedy });
}
