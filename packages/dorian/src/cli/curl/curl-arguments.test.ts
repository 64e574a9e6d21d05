import { expect, test } from "vitest";
import { curlArguments } from "./curl-arguments.ts";

test.each([
  ["shop::hello", "shop::hello", "", [], []],
  ["shop::Model.predict /a -d x", "shop::Model.predict", "/a", [], ["-d", "x"]],
  ["-X POST --fail shop::hello -i", "shop::hello", "", ["-X", "POST", "--fail"], ["-i"]],
  ["-sSX POST http://127.0.0.1:7100 /x?y=1", "http://127.0.0.1:7100", "/x?y=1", ["-sSX", "POST"], []],
  [
    "-e http://from --data http://not shop::hello",
    "shop::hello",
    "",
    ["-e", "http://from", "--data", "http://not"],
    [],
  ],
])("the target is found among curl's options: %s", (line, target, path, before, after) => {
  expect(curlArguments(line.split(" "))).toMatchObject({ target, path, before, after });
});

test("without a target there is none", () => {
  expect(curlArguments(["-d", "a::b"])).toBeUndefined();
  expect(curlArguments(["hello"])).toBeUndefined();
});

test.each([
  [["-H", "authorization: Bearer x"], true],
  [["-HAuthorization: Basic y"], true],
  [["-u", "me:pw"], true],
  [["-H", "X-Other: authorization: none"], false],
  [["-d", "authorization: none"], false],
])("%j says itself who it is: %s", (words, hasAuthorization) => {
  expect(curlArguments(["shop::hello", ...words])).toMatchObject({ hasAuthorization });
});
