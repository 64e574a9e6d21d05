import { expect, test } from "vitest";
import { UsageError } from "../input.ts";
import { parseTarget } from "./parse-target.ts";

test("a target is a file, a function in it, or a method of a class in it", () => {
  expect(parseTarget("dir/app.ts")).toEqual({ file: "dir/app.ts" });
  expect(parseTarget("app.ts::train")).toEqual({ file: "app.ts", object: "train" });
  expect(parseTarget("app.ts::Model.inference")).toEqual({
    file: "app.ts",
    object: "Model",
    method: "inference",
  });
});

test.each(["", "::train", "app.ts::", "app.ts::Model.", "app.ts::a.b.c", "app.ts::a::b"])(
  "%j is refused as a mistake on the command line",
  (text) => {
    expect(() => parseTarget(text)).toThrow(UsageError);
  },
);
