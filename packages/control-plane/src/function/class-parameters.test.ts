import { create, toBinary } from "@bufbuild/protobuf";
import {
  ClassParameterInfo_ParameterSerializationFormat as Format,
  ClassParameterInfoSchema,
  ClassParameterSetSchema,
  ParameterType,
} from "@dorian/protocol/modal";
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
