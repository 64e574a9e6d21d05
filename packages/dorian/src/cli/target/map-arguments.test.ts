import { describe, expect, test } from "vitest";
import { UsageError } from "../input.ts";
import { mapArguments, type TargetSignature } from "./map-arguments.ts";
import { optionName, type Parameter, type ValueType } from "./parameters.ts";

const value = (name: string, more: Partial<Parameter & { kind: "value" }> = {}): Parameter => ({
  kind: "value",
  name,
  optional: false,
  ...more,
});

const optional = (name: string, type?: ValueType) => ({
  kind: "value" as const,
  name,
  optional: true,
  ...(type ? { type } : {}),
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
    const destructured = signature([
      { kind: "object", properties: [optional("modelId"), optional("epochs")] },
    ]);
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

describe("values as the default tells them [A11]", () => {
  const typed = (type: ValueType) => signature([{ kind: "object", properties: [optional("it", type)] }]);

  test.for<[ValueType, string, unknown]>([
    ["string", "1.10", "1.10"],
    ["string", "true", "true"],
    ["string", "", ""],
    ["string", "a=b", "a=b"],
    ["number", "-5", -5],
    ["number", "1e-3", 0.001],
    ["number", "9007199254740991", 9007199254740991],
    ["number", "9007199254740992", 9007199254740992],
    ["integer", "9223372036854775807", 9223372036854775807n],
    ["integer", "-3", -3],
    ["bigint", "12345678901234567890", 12345678901234567890n],
    ["bigint", "5", 5n],
    ["boolean", "false", false],
    ["boolean", "true", true],
    ["date", "2024-02-29", new Date("2024-02-29")],
    ["date", "2024-01-31T12:00:00Z", new Date("2024-01-31T12:00:00Z")],
    ["list", '["a", 1]', ["a", 1]],
    ["object", '{"a": [1]}', { a: [1] }],
  ])("%s: %s", ([type, text, value]) => {
    expect(mapArguments([`--it=${text}`], typed(type)).args).toEqual([{ it: value }]);
    if (type !== "boolean" && text !== "")
      expect(mapArguments(["--it", text], typed(type)).args).toEqual([{ it: value }]);
  });

  test.for<[ValueType, string, RegExp]>([
    ["number", "abc", /^--it takes a number, not "abc"\.$/],
    ["number", "", /takes a number/],
    ["number", "9007199254740993", /more than a number of JavaScript holds exactly/],
    ["number", "1e999", /more than a number/],
    ["integer", "2.5", /takes a whole number, not "2.5"/],
    ["bigint", "1.5", /takes a whole number/],
    ["boolean", "yes", /takes true or false, not "yes"/],
    ["boolean", "1", /takes true or false/],
    ["date", "soon", /takes a date such as 2024-01-31/],
    ["date", "2024-02-31", /takes a date/],
    ["list", "abc", /takes a list in JSON/],
    ["list", '{"a": 1}', /takes a list in JSON/],
    ["object", "[1]", /takes an object in JSON/],
    ["object", '{"id": 12345678901234567890}', /holds 12345678901234567890, which is more/],
  ])("%s refuses %s", ([type, text, message]) => {
    expect(failure([`--it=${text}`], typed(type)).message).toMatch(message);
  });

  test("digits that a number does not hold stay text where nothing tells a type", () => {
    const untyped = signature([value("id"), { kind: "rest", name: "more" }]);
    const digits = "12345678901234567890";
    expect(mapArguments([digits, digits, "9007199254740992", "-1"], untyped).args).toEqual([
      digits,
      digits,
      9007199254740992,
      -1,
    ]);
    expect(failure([`[1, ${digits}]`], untyped).message).toContain(`holds ${digits}`);
    expect(mapArguments([`["${digits}"]`], untyped).args).toEqual([[digits]]);
  });
});

describe("dashes [A11]", () => {
  const rest = signature([value("id"), optional("count", "number"), { kind: "rest", name: "others" }]);

  test("behind two dashes, what names no parameter is a value", () => {
    const others = signature([value("id"), { kind: "rest", name: "others" }]);
    expect(mapArguments(["x", "--", "--all", "-l"], others).args).toEqual(["x", "--all", "-l"]);
    expect(mapArguments(["--", "--all"], others).args).toEqual(["--all"]);
    expect(mapArguments(["x", "--", "--count", "3", "--all"], rest).args).toEqual(["x", 3, "--all"]);
    expect(mapArguments(["x", "--", "1", "--", "--count", "--"], rest).args).toEqual([
      "x",
      1,
      "--count",
      "--",
    ]);
  });

  test("a negative number is a value, another word with a dash before two dashes is refused", () => {
    expect(mapArguments(["-5", "-.5", "-"], rest).args).toEqual([-5, -0.5, "-"]);
    expect(failure(["x", "-l"], rest)).toEqual({
      message: 'train has no option "-l".',
      remedy:
        "usage: train --id <value> [--count <number>] [others...]; a value that begins with a dash goes behind --.",
    });
  });

  test("what no- begins does not take the next word for its value", () => {
    const flags = signature([optional("force", "boolean"), value("name")]);
    expect(mapArguments(["--no-force", "a"], flags).args).toEqual([false, "a"]);
    expect(failure(["--no-force=true", "a"], flags).message).toBe("--no-force takes no value.");
  });
});

describe("mistakes in the arguments of a target", () => {
  test("an option that is given twice is refused, in whatever spelling [A11]", () => {
    const twice = signature([value("modelId")], [optional("size", "integer")]);
    expect(failure(["--model-id", "a", "--modelId=b"], twice).message).toBe("--model-id is given twice.");
    expect(failure(["--size", "1", "--size", "2", "x"], twice).message).toBe("--size is given twice.");
    expect(failure(["--force", "--no-force"], signature([optional("force", "boolean")])).message).toMatch(
      /twice/,
    );
  });

  test("a name that is nearly one is answered with that one [A11]", () => {
    const names = signature([optional("modelId"), optional("tag")]);
    expect(failure(["--modle-id", "x"], names).remedy).toMatch(/^did you mean --model-id\? usage: train/);
    expect(failure(["--tga", "x"], names).remedy).toMatch(/^did you mean --tag\?/);
    expect(failure(["--quantity", "x"], names).remedy).toMatch(/^usage: train/);
  });

  test("an unknown option is refused with the options there are", () => {
    expect(failure(["--model", "x"], signature([value("modelId")]))).toEqual({
      message: 'train has no parameter "model".',
      remedy: "usage: train --model-id <value>",
    });
  });

  test("a missing argument is named", () => {
    expect(failure([], signature([value("modelId")], [value("size")]))).toMatchObject({
      message: "train needs --size and --model-id.",
      remedy: expect.stringMatching(/^usage: train .*; what may be left out has a default in the code/),
    });
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
