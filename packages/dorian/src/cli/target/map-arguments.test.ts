import { describe, expect, test } from "vitest";
import { UsageError } from "../input.ts";
import { mapArguments, type TargetSignature } from "./map-arguments.ts";
import { optionName, type Parameter } from "./parameters.ts";

const value = (name: string, more: Partial<Parameter & { kind: "value" }> = {}): Parameter => ({
  kind: "value",
  name,
  optional: false,
  ...more,
});

function signature(parameters: Parameter[], classParameters: Parameter[] = []): TargetSignature {
  return { name: "train", parameters, classParameters };
}

describe("options of a target", () => {
  test.each([
    ["camel case", ["--modelId", "iris-a"]],
    ["kebab case", ["--model-id", "iris-a"]],
    ["with an equals sign", ["--model-id=iris-a"]],
    ["after a double dash", ["--", "--modelId", "iris-a"]],
    ["by position", ["iris-a"]],
  ])("go by parameter name: %s", (_form, tokens) => {
    expect(mapArguments(tokens, signature([value("modelId")])).args).toEqual(["iris-a"]);
  });

  test("a parameter in snake case is typed with dashes", () => {
    expect(optionName("model_id")).toBe("--model-id");
    expect(mapArguments(["--model-id", "x"], signature([value("model_id")])).args).toEqual(["x"]);
  });

  test.each([
    ["[1,2]", [1, 2]],
    ['{"a":{"b":null}}', { a: { b: null } }],
    ["3", 3],
    ["-3", -3],
    ["true", true],
    ['"3"', "3"],
    ["iris-a", "iris-a"],
    ["[1,", "[1,"],
    ["", ""],
  ])("the value %s becomes %j", (text, expected) => {
    expect(mapArguments([`--input=${text}`], signature([value("input")])).args).toEqual([expected]);
  });

  test("a parameter known to be text takes any text as it is", () => {
    const typed = signature([value("modelId", { type: "string" })]);
    expect(mapArguments(["--modelId", "123"], typed).args).toEqual(["123"]);
    expect(mapArguments(["--modelId", "[1]"], typed).args).toEqual(["[1]"]);
  });

  test("a parameter known to be a number refuses what is none", () => {
    const typed = signature([value("epochs", { type: "number" })]);
    expect(mapArguments(["--epochs", "2.5"], typed).args).toEqual([2.5]);
    expect(() => mapArguments(["--epochs", "many"], typed)).toThrow(/takes a number, not "many"/);
    expect(() => mapArguments(["--epochs"], typed)).toThrow(UsageError);
  });

  test("a flag is true when bare, false with no- before it, and does not swallow what follows", () => {
    const typed = signature([
      value("force", { type: "boolean", optional: true }),
      value("name", { optional: true }),
    ]);
    expect(mapArguments(["--force", "a"], typed).args).toEqual([true, "a"]);
    expect(mapArguments(["--no-force"], typed).args).toEqual([false]);
    expect(mapArguments(["--force", "false"], typed).args).toEqual([false]);
    expect(mapArguments(["--force"], signature([value("force")])).args).toEqual([true]);
  });

  test("properties of a destructured parameter are options each", () => {
    const destructured = signature([{ kind: "object", properties: ["modelId", "epochs"] }]);
    expect(mapArguments(["--model-id", "a", "--epochs", "3"], destructured).args).toEqual([
      { modelId: "a", epochs: 3 },
    ]);
    expect(mapArguments([], destructured).args).toEqual([{}]);
  });

  test("a rest parameter takes every further value", () => {
    const rest = signature([value("first"), { kind: "rest", name: "others" }]);
    expect(mapArguments(["a", "1", "2"], rest).args).toEqual(["a", 1, 2]);
  });

  test("class parameters and method arguments are told apart by name [P1]", () => {
    const method = signature([value("input")], [value("modelId", { type: "string", optional: true })]);
    expect(mapArguments(["--model-id", "iris-a", "--input", "[1,2]"], method)).toEqual({
      classParameters: { modelId: "iris-a" },
      args: [[1, 2]],
    });
    expect(mapArguments(["[1,2]"], method)).toEqual({ classParameters: {}, args: [[1, 2]] });
  });

  test("an argument left out before one that is given is undefined", () => {
    const both = signature([value("a", { optional: true }), value("b", { optional: true })]);
    const { args } = mapArguments(["--b", "1"], both);
    expect(args).toHaveLength(2);
    expect(args).toEqual([undefined, 1]);
  });
});

describe("mistakes in the arguments of a target", () => {
  test("an unknown option is refused with the options there are", () => {
    expect(failure(["--model", "x"], signature([value("modelId")]))).toEqual({
      message: 'train has no parameter "model".',
      remedy: "usage: train --model-id <value>",
    });
  });

  test("a missing argument is named", () => {
    expect(failure([], signature([value("modelId")], [value("size")])).message).toBe(
      "train needs --size and --model-id.",
    );
  });

  test("values that nothing takes are refused", () => {
    expect(failure(["a"], signature([]))).toEqual({
      message: 'train has no parameter for "a".',
      remedy: "train takes no arguments.",
    });
  });
});

function failure(tokens: string[], target: TargetSignature): { message: string; remedy: string } {
  try {
    mapArguments(tokens, target);
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, remedy: error.remedy };
    throw error;
  }
  throw new Error("nothing was thrown");
}
