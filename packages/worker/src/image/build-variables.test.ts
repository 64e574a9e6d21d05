import { expect, test } from "vitest";
import { BuildVariables } from "./build-variables.ts";

const stage = () => ({ config: { env: {} as Record<string, string> }, args: new Map<string, string>() });

test("variables that are made of one another are refused before they fill the memory [B16]", () => {
  const variables = new BuildVariables({ given: {}, escape: "\\" });
  const scope = stage();
  variables.declare([["A0", "0123456789abcdef"]], { line: 1, scope });
  const double = (count: number) => {
    for (let index = 0; index < count; index++)
      variables.declare([[`A${index + 1}`, `$A${index}$A${index}`]], { line: index + 2, scope });
  };
  expect(() => double(40)).toThrow(/variables make more than 1048576 letters of it/);
  // What was made by then is no more than can be looked at with a pattern.
  expect(variables.expand("${A15#y}", { line: 60, scope })).toHaveLength(16 * 2 ** 15);
});

test("many long variables are refused together [B16]", () => {
  const variables = new BuildVariables({ given: { LONG: "x".repeat(900_000) }, escape: "\\" });
  const scope = stage();
  variables.declare([["LONG", undefined]], { line: 1, scope });
  const take = (count: number) => {
    for (let index = 0; index < count; index++) variables.expand("$LONG", { line: index, scope });
  };
  expect(() => take(10)).not.toThrow();
  expect(() => take(10)).toThrow(/has more than 16777216 letters in all/);
});
