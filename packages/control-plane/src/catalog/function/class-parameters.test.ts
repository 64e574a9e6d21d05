import { create, toBinary } from "@bufbuild/protobuf";
import {
  ClassParameterInfo_ParameterSerializationFormat as Format,
  ClassParameterInfoSchema,
  ClassParameterSetSchema,
  ParameterType,
} from "@dorian/protocol/modal";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";
import fc from "fast-check";
import { expect, test } from "vitest";
import { boundFunctionId } from "./bound-id.ts";
import { canonicalParameters } from "./class-parameters.ts";

const names = ["a", "b", "c", "d"];
const info = create(ClassParameterInfoSchema, {
  format: Format.PARAM_SERIALIZATION_FORMAT_PROTO,
  schema: names.map((name) => ({
    name,
    type: ParameterType.PARAM_TYPE_INT,
    hasDefault: true,
    defaultOneof: { case: "intDefault" as const, value: 7n },
  })),
});

const encode = (values: [string, bigint][]) =>
  toBinary(
    ClassParameterSetSchema,
    create(ClassParameterSetSchema, {
      parameters: values.map(([name, value]) => ({ name, valueOneof: { case: "intValue" as const, value } })),
    }),
  );

const values = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 9 }).map(BigInt)),
  {
    selector: ([name]) => name,
  },
);

test("equal parameters have equal bytes, in whatever order and with or without their defaults [P3]", () => {
  fc.assert(
    fc.property(values, fc.boolean(), (given, withDefaults) => {
      const missing = names.filter((name) => !given.some(([each]) => each === name));
      const complete: [string, bigint][] = withDefaults
        ? [...given, ...missing.map((name) => [name, 7n] as [string, bigint])]
        : given;
      const canonical = canonicalParameters("Model.*", info, encode(given));
      expect(canonicalParameters("Model.*", info, encode(complete.toReversed()))).toEqual(canonical);
      expect(canonicalParameters("Model.*", info, canonical)).toEqual(canonical);
    }),
  );
});

test("different parameters are different variants, with ids that clients accept", () => {
  fc.assert(
    fc.property(values, values, (one, other) => {
      const [a, b] = [one, other].map((each) => canonicalParameters("Model.*", info, encode(each)));
      const ids = [a, b].map((bytes) => boundFunctionId("fu-1", bytes ?? new Uint8Array(), new Uint8Array()));
      expect(ids[0] === ids[1]).toBe(Buffer.compare(a ?? Buffer.of(), b ?? Buffer.of()) === 0);
      expect(ids[0]).toMatch(/^fu-[0-9A-Za-z]{22}$/);
    }),
  );
});

test("what a container pickles for self.method.remote() are the same parameters", () => {
  const mixed = create(ClassParameterInfoSchema, {
    format: Format.PARAM_SERIALIZATION_FORMAT_PROTO,
    schema: [
      { name: "a", type: ParameterType.PARAM_TYPE_INT },
      { name: "b", type: ParameterType.PARAM_TYPE_BOOL },
      { name: "s", type: ParameterType.PARAM_TYPE_STRING },
      { name: "y", type: ParameterType.PARAM_TYPE_BYTES },
    ],
  });
  const set = create(ClassParameterSetSchema, {
    parameters: [
      { name: "a", valueOneof: { case: "intValue", value: -70_000_000_000n } },
      { name: "b", valueOneof: { case: "boolValue", value: true } },
      { name: "s", valueOneof: { case: "stringValue", value: "x" } },
      { name: "y", valueOneof: { case: "bytesValue", value: new Uint8Array([0, 255]) } },
    ],
  });
  // pickle.dumps(((), {"a": -70_000_000_000, "b": True, "s": "x", "y": b"\\x00\\xff"}), 4)
  const pickled = Buffer.from(
    "8004952900000000000000297d94288c0161948a0500c4acb3ef8c016294888c0173948c0178948c017994430200ff947586942e",
    "hex",
  );
  expect(canonicalParameters("Model.*", mixed, pickled)).toEqual(
    canonicalParameters("Model.*", mixed, toBinary(ClassParameterSetSchema, set)),
  );
  expect(
    canonicalParameters(
      "Model.*",
      info,
      Buffer.from("8004950d00000000000000297d948c0161944b077386942e", "hex"),
    ),
  ).toEqual(canonicalParameters("Model.*", info, encode([])));
});

test.each([
  ["positional ones", "80049509000000000000004b0185947d9486942e", "Model takes its parameters by name."],
  [
    "one of another type",
    "8004950f00000000000000297d948c0161948c0178947386942e",
    'The parameter "a" of Model must be an integer of 64 bits.',
  ],
  ["half a pickle", "8004950f000000", "The parameters of Model cannot be read."],
])("pickled parameters are refused: %s", (_, hex, message) => {
  expect(() => canonicalParameters("Model.*", info, Buffer.from(hex, "hex"))).toThrow(message);
});

test.each([2n ** 63n, -(2n ** 63n) - 1n, 2n ** 100n, 1e300, 1.5, null])(
  "a pickle with %s for an integer is refused in words",
  (value) => {
    const pickled = pickleValue([[], { a: value }], "the parameters");
    expect(() => canonicalParameters("Model.*", info, pickled)).toThrow(
      expect.objectContaining({
        code: "CLASS_PARAMETERS_INVALID",
        message: 'The parameter "a" of Model must be an integer of 64 bits.',
      }),
    );
  },
);

test.each([2n ** 63n - 1n, -(2n ** 63n)])("a pickle with %s for an integer is taken", (value) => {
  const pickled = pickleValue([[], { a: value }], "the parameters");
  expect(canonicalParameters("Model.*", info, pickled)).toEqual(
    canonicalParameters("Model.*", info, encode([["a", value]])),
  );
});
