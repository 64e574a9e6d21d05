import { expect, test } from "vitest";
import { checkName, checkTag } from "./name-rules.ts";

test.for(["quickstart", "model-weights-vol", "v1.2_b", "_x", "a".repeat(64)])("%s is a name", (name) => {
  expect(checkName("an app", name)).toBe(name);
});

test.for(["", "a/b", "../x", "a b", "ä", "-rf", ".hidden", "a\n", "a".repeat(65), undefined, null, 7, {}])(
  "%j is no name, and the error shows it",
  (name) => {
    expect(() => checkName("an app", name)).toThrow(
      expect.objectContaining({ code: "NAME_INVALID", status: "INVALID_ARGUMENT" }),
    );
    expect(() => checkName("an app", name)).toThrow(`${JSON.stringify(name)} cannot be the name of an app`);
  },
);

test("a function's name has no dot, which would look like a method", () => {
  expect(() => checkTag("a function", "Model.predict")).toThrow("Model.predict");
  expect(checkTag("a function", "train_2")).toBe("train_2");
});
