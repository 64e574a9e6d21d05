import { expect, test } from "vitest";
import { UsageError } from "../input.ts";
import type { AppOutline } from "./app-outline.ts";
import { parseTarget } from "./parse-target.ts";
import { resolveTarget } from "./resolve-target.ts";

const train = { name: "train", parameters: [] };
const inference = { name: "inference", parameters: [] };
const model = { name: "Model", parameters: [], methods: [inference] };
const app: AppOutline = {
  name: "quickstart",
  functions: [train],
  classes: [model],
  localEntrypoint: undefined,
};

const resolve = (text: string, outline = app) => resolveTarget(parseTarget(text), outline);

test("a file alone means the local entrypoint", () => {
  expect(resolve("app.ts", { ...app, localEntrypoint: { parameters: [] } }).kind).toBe("entrypoint");
});

test("without a local entrypoint, the only thing to call is called", () => {
  expect(resolve("app.ts", { ...app, classes: [] })).toMatchObject({ kind: "function", name: "train" });
  expect(resolve("app.ts", { ...app, functions: [] })).toMatchObject({
    className: "Model",
    method: "inference",
  });
});

test("a name means a function, or a class with one method", () => {
  expect(resolve("app.ts::train")).toMatchObject({ kind: "function", name: "train" });
  expect(resolve("app.ts::Model")).toMatchObject({ className: "Model", method: "inference" });
  expect(resolve("app.ts::Model.inference")).toMatchObject({ className: "Model", method: "inference" });
});

test.each([
  ["app.ts", 'App "quickstart" has no local entrypoint.'],
  ["app.ts::tarin", 'App "quickstart" has no "tarin".'],
  ["app.ts::Model.infer", 'App "quickstart" has no "Model.infer".'],
  ["app.ts::train.now", 'App "quickstart" has no "train".'],
])("%s, which is not one thing, is refused with what there is", (text, message) => {
  const error = thrown(() => resolve(text));
  expect(error.message).toBe(message);
  expect(error.remedy).toBe('name one after "::", which are train, Model.inference.');
});

test("an app with nothing in it says so", () => {
  const empty: AppOutline = { name: "empty", functions: [], classes: [], localEntrypoint: undefined };
  expect(thrown(() => resolve("app.ts", empty)).message).toBe('App "empty" has nothing to call.');
});

function thrown(act: () => unknown): UsageError {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
