import { expect, test } from "vitest";
import { functionParameters } from "./function-parameters.ts";

const required = (name: string) => ({ kind: "value", name, optional: false });

test("names are read from functions of every form", () => {
  class Model {
    inference(input: number[]) {
      return input;
    }
    async *stream(prompt: string) {
      yield /\w+/.test(prompt);
    }
    static get(key: string) {
      return key;
    }
  }
  const object = {
    ["in put".replace(" ", "")](first: number) {
      return first;
    },
  };
  const forms: [(...args: never[]) => unknown, string][] = [
    [(modelId: string) => modelId, "modelId"],
    [async (modelId: string) => modelId, "modelId"],
    [
      function train(modelId: string) {
        return modelId;
      },
      "modelId",
    ],
    [Model.prototype.inference, "input"],
    [Model.prototype.stream, "prompt"],
    [object.input as never, "first"],
  ];
  for (const [form, name] of forms) expect(functionParameters(form)).toEqual([required(name)]);
});

test("a default value makes a parameter optional and tells its type", () => {
  const forms: [(...args: never[]) => unknown, type: string | undefined, text: string][] = [
    [(p = "a") => p, "string", '"a"'],
    [(p = `x`) => p, "string", "`x`"],
    [(p = "v" + 1) => p, "string", '"v" + 1'],
    [(p = process.env["TAG"] ?? "latest") => p, "string", 'process.env["TAG"] ?? "latest"'],
    [(p = -3) => p, "number", "-3"],
    [(p = 60 * 60) => p, "number", "60 * 60"],
    [(p = Infinity) => p, "number", "Infinity"],
    [(p = -5n) => p, "bigint", "-5n"],
    [(p = false) => p, "boolean", "false"],
    [(p = new Date(0)) => p, "date", "new Date(0)"],
    [(p = [1]) => p, "list", "[1]"],
    [(p = { a: 1 }) => p, "object", "{ a: 1 }"],
    [(p = null) => p, undefined, "null"],
    [(p = Math.max(1)) => p, undefined, "Math.max(1)"],
  ];
  for (const [form, type, text] of forms) {
    const [found] = functionParameters(form);
    expect(found).toMatchObject({ kind: "value", name: "p", optional: true, default: text });
    expect((found as { type?: string }).type).toBe(type);
  }
});

test("destructured and rest parameters are told apart", () => {
  const target = ({ modelId, epochs = 3 }: { modelId: string; epochs?: number }, ...others: string[]) => [
    modelId,
    epochs,
    others,
  ];
  expect(functionParameters(target)).toEqual([
    {
      kind: "object",
      properties: [
        { kind: "value", name: "modelId", optional: true },
        { kind: "value", name: "epochs", optional: true, type: "number", default: "3" },
      ],
    },
    { kind: "rest", name: "others" },
  ]);
});

test("a function of the runtime itself has no parameters to name", () => {
  expect(functionParameters(Math.max)).toEqual([]);
});
