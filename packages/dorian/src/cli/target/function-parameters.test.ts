import { expect, test } from "vitest";
import { functionParameters } from "./function-parameters.ts";

const required = (name: string) => ({ kind: "value", name, optional: false });

test("names are read from functions of every form", () => {
  class Model {
    inference(input: number[]) {
      return input;
    }
    async *stream(prompt: string) {
      yield prompt;
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
  const target = (name = "a", count = -3, force = false, list: number[] = [], label = `x`) => [
    name,
    count,
    force,
    list,
    label,
  ];
  expect(functionParameters(target)).toEqual([
    { kind: "value", name: "name", optional: true, type: "string" },
    { kind: "value", name: "count", optional: true, type: "number" },
    { kind: "value", name: "force", optional: true, type: "boolean" },
    { kind: "value", name: "list", optional: true },
    { kind: "value", name: "label", optional: true, type: "string" },
  ]);
});

test("destructured and rest parameters are told apart", () => {
  const target = ({ modelId, epochs = 3 }: { modelId: string; epochs?: number }, ...others: string[]) => [
    modelId,
    epochs,
    others,
  ];
  expect(functionParameters(target)).toEqual([
    { kind: "object", properties: ["modelId", "epochs"] },
    { kind: "rest", name: "others" },
  ]);
});

test("a function of the runtime itself has no parameters to name", () => {
  expect(functionParameters(Math.max)).toEqual([]);
});
