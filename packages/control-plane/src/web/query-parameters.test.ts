import { create, fromBinary } from "@bufbuild/protobuf";
import { ClassParameterSetSchema, ClassParameterSpecSchema, ParameterType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { parametersFromQuery } from "./query-parameters.ts";

const specs = [
  { name: "model", type: ParameterType.PARAM_TYPE_STRING },
  { name: "size", type: ParameterType.PARAM_TYPE_INT },
  { name: "fast", type: ParameterType.PARAM_TYPE_BOOL },
  { name: "raw", type: ParameterType.PARAM_TYPE_BYTES },
].map((spec) => create(ClassParameterSpecSchema, spec));

function given(target: string) {
  const { parameters } = fromBinary(ClassParameterSetSchema, parametersFromQuery(target, specs));
  return parameters.map(({ name, valueOneof }) => [name, valueOneof.value]);
}

test("a class's parameters come out of the query, in their types, and nothing else of it", () => {
  expect(given("/ask?model=a%20b&size=-12&fast=True&raw=x&other=1&size=3")).toEqual([
    ["model", "a b"],
    ["size", -12n],
    ["fast", true],
    ["raw", Uint8Array.from([120])],
  ]);
  expect(given("/ask?q=1")).toEqual([]);
  expect(given("/ask")).toEqual([]);
});

test("a parameter of another type is refused by its name", () => {
  expect(() => given("/?size=large")).toThrow('"size" must be a whole number, not "large".');
  expect(() => given("/?fast=maybe")).toThrow('"fast" must be true or false');
});
