import { newId } from "@dorian/base/ids";
import { expect, test } from "vitest";
import { shellPlace } from "./shell-place.ts";

const taskId = newId("ta");

test.each([
  [taskId, { kind: "container", taskId }],
  ["app.ts", { kind: "file", file: "app.ts", name: undefined }],
  ["src/app.mts::train", { kind: "file", file: "src/app.mts", name: "train" }],
  ["app.ts::Model.inference", { kind: "file", file: "app.ts", name: "Model" }],
  ["shop::train", { kind: "app", app: "shop", name: "train" }],
  ["shop", { kind: "app", app: "shop", name: undefined }],
  [undefined, { kind: "image", reference: undefined }],
])("%s", (text, place) => {
  expect(shellPlace(text, undefined)).toEqual(place);
});

test("an image is a place of its own", () => {
  expect(shellPlace(undefined, "python:3.12")).toEqual({ kind: "image", reference: "python:3.12" });
  expect(() => shellPlace("app.ts", "python:3.12")).toThrow('"app.ts" has an image already.');
});

test.each(["::train", "app.ts::", "a::b::c"])("%s is none", (text) => {
  expect(() => shellPlace(text, undefined)).toThrow("is no place for a shell");
});
