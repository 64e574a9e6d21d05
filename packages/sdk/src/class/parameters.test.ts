import { fromBinary } from "@bufbuild/protobuf";
import { ClassParameterSetSchema, ParameterType as Wire } from "@dorian/protocol/modal";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ParameterMark } from "./class-marks.ts";
import { construct, type ParameterValue } from "./construct.ts";
import { encodeParameters, parameterSpecs } from "./parameters.ts";

class Model {
  modelId = "iris-a";
  size = 3;
  fast = true;
  seed = new Uint8Array([1, 2]);
  token: string | undefined;
}

const parameters: ParameterMark[] = [
  { name: "modelId" },
  { name: "size" },
  { name: "fast" },
  { name: "seed" },
  { name: "token", type: "string" },
];
const specs = parameterSpecs("Model", Model, { marks: [], parameters });

function encode(given: Record<string, unknown>) {
  return encodeParameters("Model", specs, given);
}

test("types and defaults are read from the class", () => {
  expect(specs.map(({ name, type, hasDefault }) => [name, type, hasDefault])).toEqual([
    ["modelId", Wire.PARAM_TYPE_STRING, true],
    ["size", Wire.PARAM_TYPE_INT, true],
    ["fast", Wire.PARAM_TYPE_BOOL, true],
    ["seed", Wire.PARAM_TYPE_BYTES, true],
    ["token", Wire.PARAM_TYPE_STRING, false],
  ]);
});

test("equal values are equal bytes, in whatever order and whether given or default [P3]", () => {
  const values = fc.record({
    modelId: fc.string(),
    size: fc.maxSafeInteger(),
    fast: fc.boolean(),
    seed: fc.uint8Array({ maxLength: 20 }),
    token: fc.string(),
  });
  fc.assert(
    fc.property(values, (given) => {
      const reversed = Object.fromEntries(Object.entries(given).toReversed());
      expect(encode(reversed)).toEqual(encode(given));
      const decoded = fromBinary(ClassParameterSetSchema, encode(given)).parameters;
      expect(decoded.map(({ valueOneof }) => valueOneof.value)).toEqual([
        given.modelId,
        BigInt(given.size),
        given.fast,
        given.seed,
        given.token,
      ]);
    }),
  );
  expect(encode({ token: "t" })).toEqual(encode({ token: "t", modelId: "iris-a", size: 3, fast: undefined }));
});

test.for([2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 5n, 0n, 2 ** 53 - 1, -(2 ** 53) + 1])(
  "the integer %d is taken, given or as a default [A16]",
  (size) => {
    const [, found] = fromBinary(ClassParameterSetSchema, encode({ token: "t", size })).parameters;
    expect(found?.valueOneof).toEqual({ case: "intValue", value: BigInt(size) });
    class Sized {
      size = size;
    }
    const [spec] = parameterSpecs("Sized", Sized, { marks: [], parameters: [{ name: "size" }] });
    expect(spec?.defaultOneof).toEqual({ case: "intDefault", value: BigInt(size) });
    const bytes = encodeParameters("Sized", spec ? [spec] : [], {});
    expect(fromBinary(ClassParameterSetSchema, bytes).parameters[0]?.valueOneof.value).toBe(BigInt(size));
  },
);

test("a value arrives in the form of the class's default, where two forms travel as one [A16]", () => {
  class Seeded {
    seed = 5n;
    salt = Buffer.from("salt");
    size = 3;
  }
  const values = new Map<string, ParameterValue>([
    ["seed", 7],
    ["salt", new Uint8Array([104, 105])],
    ["size", 2n ** 62n],
  ]);
  const made = construct(Seeded, values);
  expect(made).toEqual({ seed: 7n, salt: Buffer.from("hi"), size: 2n ** 62n });
  expect(made.salt.toString()).toBe("hi");
});

test("different values are different bytes [P3]", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      fc.pre(a !== b);
      expect(encode({ token: "t", modelId: a })).not.toEqual(encode({ token: "t", modelId: b }));
    }),
  );
});

test.for<[string, Record<string, unknown>, string]>([
  ["PARAMETER_UNKNOWN", { token: "t", model: "b" }, '"model"'],
  ["PARAMETER_MISSING", {}, '"token"'],
  ["PARAMETER_INVALID", { token: 7 }, '"token"'],
  ["PARAMETER_INVALID", { token: null }, '"token"'],
  ["PARAMETER_INVALID", { token: "t", size: 1.5 }, "1.5"],
  ["PARAMETER_INVALID", { token: "t", size: 2 ** 60 }, '"size" of Model is 1152921504606847000, beyond'],
  ["PARAMETER_INVALID", { token: "t", size: 2 ** 53 }, '"size" of Model is 9007199254740992, beyond'],
  ["PARAMETER_INVALID", { token: "t", size: 2n ** 63n }, '"size" of Model is 9223372036854775808n, beyond'],
  ["PARAMETER_INVALID", { token: "t", size: -(2n ** 63n) - 1n }, '"size"'],
  ["PARAMETER_INVALID", { token: "t", size: -0 }, '"size" of Model is -0'],
  ["PARAMETER_INVALID", { token: "t", size: NaN }, '"size" of Model is NaN'],
  ["PARAMETER_INVALID", { token: "t", size: Infinity }, '"size" of Model is Infinity'],
  ["PARAMETER_INVALID", { token: "t", fast: 1 }, '"fast" of Model is 1; it must be a boolean'],
  ["PARAMETER_INVALID", { token: 7n }, '"token" of Model is 7n; it must be a string'],
  ["PARAMETER_INVALID", { token: "a\ud800" }, '"token"'],
  ["PARAMETER_INVALID", { token: "t", size: "3" }, '"size"'],
  ["PARAMETER_INVALID", { token: "t", modelId: { a: 1 } }, "an object (Object)"],
  ["PARAMETER_INVALID", { token: "t", modelId: new Date(0) }, "an object (Date)"],
])("%s (%#) is refused by name [P5]", ([code, given, shown]) => {
  expect(() => encode(given)).toThrow(expect.objectContaining({ code, status: "INVALID_ARGUMENT" }));
  expect(() => encode(given)).toThrow(shown);
});

test("parameters take at most 16 KiB [P5]", () => {
  expect(() => encode({ token: "t".repeat(16 * 1024 - 200) })).not.toThrow();
  expect(() => encode({ token: "t".repeat(16 * 1024) })).toThrow(
    expect.objectContaining({ code: "PARAMETERS_TOO_LARGE" }),
  );
});

test("a parameter with neither a default nor a type is refused", () => {
  class Bare {
    x: unknown;
  }
  expect(() => parameterSpecs("Bare", Bare, { marks: [], parameters: [{ name: "x" }] })).toThrow(
    expect.objectContaining({ code: "PARAMETER_TYPE_UNKNOWN" }),
  );
});

test("a class that cannot be made here is refused with the reason [P4]", () => {
  class Broken {
    x = 1;
    constructor() {
      throw new Error("no weights here");
    }
  }
  expect(() => parameterSpecs("Broken", Broken, { marks: [], parameters: [{ name: "x" }] })).toThrow(
    expect.objectContaining({
      code: "CLASS_NOT_CONSTRUCTIBLE",
      message: expect.stringContaining("no weights here"),
    }),
  );
});

test("a default that is not of the declared type is refused", () => {
  class Wrong {
    size = "three";
  }
  const wrong: ParameterMark[] = [{ name: "size", type: "number" }];
  expect(() => parameterSpecs("Wrong", Wrong, { marks: [], parameters: wrong })).toThrow(
    expect.objectContaining({ code: "PARAMETER_INVALID" }),
  );
});
