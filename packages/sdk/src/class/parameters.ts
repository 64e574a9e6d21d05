import { create, toBinary } from "@bufbuild/protobuf";
import { AppError, messageOf } from "@dorian/base/app-error";
import {
  ClassParameterInfo_ParameterSerializationFormat as Format,
  ClassParameterSetSchema,
  ParameterType as Wire,
  type ClassParameterInfo,
  type ClassParameterSpec,
  type ClassParameterValue,
  ClassParameterSpecSchema,
  ClassParameterValueSchema,
} from "@dorian/protocol/modal";
import { pickleArguments } from "@dorian/protocol/value/pickle/write-pickle";
import type { ClassMarks, ParameterType } from "./class-marks.ts";
import { readDefaults, type ParameterValue } from "./construct.ts";

const maxBytes = 16 * 1024;

/** Types and defaults of a class's parameters. The defaults are read from an instance made here, without arguments. */
export function parameterSpecs(
  className: string,
  target: new () => object,
  { parameters }: ClassMarks,
): ClassParameterSpec[] {
  if (parameters.length === 0) return [];
  const known = specsOf.get(parameters);
  if (known) return known;
  const defaults = defaultsOf(className, target, parameters);
  // A field that a subclass replaces is one parameter.
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const specs = [...byName.values()].map(({ name, type }) => {
    const value = defaults.get(name);
    const found = value === undefined ? type : typeOf(className, name, value);
    if (found === undefined) {
      throw new AppError(
        "PARAMETER_TYPE_UNKNOWN",
        `Parameter ${className}.${name} has neither a default nor a type.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: 'Give it a default, or say @parameter({ type: "string" }).',
        },
      );
    }
    if (type !== undefined && type !== found) {
      throw new AppError(
        "PARAMETER_INVALID",
        `The default of parameter ${className}.${name} is a ${found}; it is declared as a ${type}.`,
        { status: "INVALID_ARGUMENT", remedy: "Give it a default of that type, or leave the type out." },
      );
    }
    return create(ClassParameterSpecSchema, {
      name,
      type: wireType[found],
      hasDefault: value !== undefined,
      defaultOneof: defaultOf(found, value),
    });
  });
  specsOf.set(parameters, specs);
  return specs;
}

// Reading the defaults runs user code: once is enough.
const specsOf = new WeakMap<object, ClassParameterSpec[]>();

/**
 * Values for the parameters of a class that was looked up, in the form that its containers read; undefined for a class
 * without any.
 *
 * @throws AppError as {@link encodeParameters}, VALUE_NOT_SERIALISABLE
 */
export function encodeBinding(
  className: string,
  info: ClassParameterInfo | undefined,
  given: Record<string, unknown>,
): Uint8Array | undefined {
  // A Python class whose `__init__` takes the parameters reads them as keyword arguments, pickled.
  if (info?.format === Format.PARAM_SERIALIZATION_FORMAT_PICKLE)
    return Object.keys(given).length === 0 ? undefined : pickleArguments([], given);
  const specs = info?.schema ?? [];
  const bytes = encodeParameters(className, specs, given);
  return specs.length === 0 ? undefined : bytes;
}

/**
 * Values for a class's parameters as bytes that are equal for equal values, with defaults filled in.
 *
 * @throws AppError PARAMETER_UNKNOWN, PARAMETER_MISSING, PARAMETER_INVALID, PARAMETERS_TOO_LARGE
 */
export function encodeParameters(
  className: string,
  specs: ClassParameterSpec[],
  given: Record<string, unknown>,
): Uint8Array {
  for (const name of Object.keys(given)) {
    if (specs.some((spec) => spec.name === name)) continue;
    throw new AppError("PARAMETER_UNKNOWN", `${className} has no parameter "${name}".`, {
      status: "INVALID_ARGUMENT",
      remedy:
        specs.length === 0
          ? "Declare it with @parameter()."
          : `Its parameters are: ${specs.map((spec) => spec.name).join(", ")}.`,
    });
  }
  const parameters = specs.map((spec) => encodeOne(className, spec, given[spec.name]));
  const bytes = toBinary(ClassParameterSetSchema, create(ClassParameterSetSchema, { parameters }));
  if (bytes.length <= maxBytes) return bytes;
  throw new AppError(
    "PARAMETERS_TOO_LARGE",
    `The parameters of ${className} take ${bytes.length} bytes; at most ${maxBytes} are allowed.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Pass a name or a path instead of the data itself.",
    },
  );
}

function encodeOne(className: string, spec: ClassParameterSpec, given: unknown): ClassParameterValue {
  const value = given === undefined && spec.hasDefault ? spec.defaultOneof.value : given;
  if (value === undefined) {
    throw new AppError(
      "PARAMETER_MISSING",
      `Parameter "${spec.name}" of ${className} is missing and has no default.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: `Pass it: app.instance(${className}, { ${spec.name}: … }).`,
      },
    );
  }
  const expected = (Object.keys(wireType) as ParameterType[]).find((type) => wireType[type] === spec.type);
  if (expected === undefined || wireType[typeOf(className, spec.name, value)] !== spec.type) {
    throw new AppError(
      "PARAMETER_INVALID",
      `Parameter "${spec.name}" of ${className} is ${shown(value)}; it must be a ${expected}.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Pass a value of that type.",
      },
    );
  }
  return create(ClassParameterValueSchema, {
    name: spec.name,
    type: spec.type,
    valueOneof: valueOf(expected, value as ParameterValue),
  });
}

const wireType: Record<ParameterType, Wire> = {
  string: Wire.PARAM_TYPE_STRING,
  number: Wire.PARAM_TYPE_INT,
  bigint: Wire.PARAM_TYPE_INT,
  boolean: Wire.PARAM_TYPE_BOOL,
  bytes: Wire.PARAM_TYPE_BYTES,
};

function typeOf(className: string, name: string, value: unknown): ParameterType {
  const why = (reason: string, remedy = "Parameters are strings, whole numbers, booleans or byte arrays.") =>
    new AppError("PARAMETER_INVALID", `Parameter "${name}" of ${className} is ${shown(value)}, ${reason}.`, {
      status: "INVALID_ARGUMENT",
      remedy,
    });
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "string":
      if (value.isWellFormed()) return "string";
      throw why("which has half of a surrogate pair in it", "Pass text.toWellFormed().");
    case "number":
      if (Object.is(value, -0)) throw why("which would arrive as 0", "Pass 0.");
      if (Number.isSafeInteger(value)) return "number";
      if (!Number.isInteger(value)) throw why("which is no whole number and cannot be a parameter");
      throw why("beyond the whole numbers that a number holds exactly", `Pass a bigint: ${BigInt(value)}n.`);
    case "bigint":
      if (BigInt.asIntN(64, value) === value) return "bigint";
      throw why("beyond the integers of 64 bits", "Pass it as a string.");
    default:
      if (value instanceof Uint8Array) return "bytes";
      throw why("which cannot be a parameter");
  }
}

function shown(value: unknown): string {
  if (typeof value === "object") return `an object (${value?.constructor?.name ?? "null"})`;
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "-0" : String(value);
}

function valueOf(type: ParameterType, value: ParameterValue): ClassParameterValue["valueOneof"] {
  switch (type) {
    case "string":
      return { case: "stringValue", value: value as string };
    case "number":
    case "bigint":
      return { case: "intValue", value: BigInt(value as number | bigint) };
    case "boolean":
      return { case: "boolValue", value: value as boolean };
    case "bytes":
      return { case: "bytesValue", value: value as Uint8Array };
  }
}

function defaultOf(type: ParameterType, value: unknown): ClassParameterSpec["defaultOneof"] {
  if (value === undefined) return { case: undefined };
  switch (type) {
    case "string":
      return { case: "stringDefault", value: value as string };
    case "number":
    case "bigint":
      return { case: "intDefault", value: BigInt(value as number | bigint) };
    case "boolean":
      return { case: "boolDefault", value: value as boolean };
    case "bytes":
      return { case: "bytesDefault", value: value as Uint8Array };
  }
}

function defaultsOf(
  className: string,
  target: new () => object,
  parameters: ClassMarks["parameters"],
): Map<string, unknown> {
  try {
    return readDefaults(
      target,
      parameters.map(({ name }) => name),
    );
  } catch (error) {
    throw new AppError("CLASS_NOT_CONSTRUCTIBLE", `new ${className}() failed: ${messageOf(error)}.`, {
      status: "INVALID_ARGUMENT",
      remedy:
        "The constructor of an app class takes no arguments. Move work that needs the container into an @enter() method.",
      cause: error,
    });
  }
}
