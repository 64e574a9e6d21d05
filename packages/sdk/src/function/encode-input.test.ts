import { DataFormat } from "@dorian/protocol/modal";
import { decodeArguments } from "@dorian/protocol/value/payload";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeInput } from "./encode-input.ts";

const mebibyte = 1024 * 1024;

function decoded(args: unknown[]): unknown[] {
  const { argsOneof } = encodeInput("", args);
  return decodeArguments(argsOneof.case === "args" ? argsOneof.value : new Uint8Array());
}

test("plain data arrives as it was", () => {
  // The encoder renames "__proto__", so that nobody gets a prototype from outside, and knows one zero.
  const value = fc
    .jsonValue({ maxDepth: 3 })
    .filter((found) => !JSON.stringify(found).includes("__proto__"))
    .map((found) => JSON.parse(JSON.stringify(found)) as unknown);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (args) => {
      expect(decoded(args)).toEqual(args);
    }),
    { numRuns: 300 },
  );
});

test("dates and bytes arrive as dates and bytes", () => {
  const [date, bytes] = decoded([new Date(5), new Uint8Array([1, 2])]);
  expect(date).toEqual(new Date(5));
  expect(bytes).toBeInstanceOf(Uint8Array);
  expect([...(bytes as Uint8Array)]).toEqual([1, 2]);
});

test("an input names its method and its format", () => {
  expect(encodeInput("predict", [1])).toMatchObject({ methodName: "predict", dataFormat: DataFormat.CBOR });
});

test("64 MiB can be sent, more is an error that names a Volume as the way", () => {
  expect(() => encodeInput("", [new Uint8Array(64 * mebibyte - 100)])).not.toThrow();
  expect(() => encodeInput("", [new Uint8Array(65 * mebibyte)])).toThrow(
    expect.objectContaining({ code: "INPUT_TOO_LARGE", remedy: expect.stringContaining("Volume") }),
  );
});

test("what cannot be sent is refused with its place", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const [value, place] of [
    [{ a: [1, () => 2] }, ".a[1]"],
    [circle, ".self"],
    [{ p: Promise.resolve() }, "await"],
  ] as const) {
    expect(() => encodeInput("", [value])).toThrow(
      expect.objectContaining({ code: "VALUE_NOT_SERIALISABLE" }),
    );
    expect(() => encodeInput("", [value])).toThrow(place);
  }
});
