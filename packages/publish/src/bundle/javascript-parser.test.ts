import { expect, test } from "vitest";
import { JavaScriptParser } from "./javascript-parser.ts";

test.for([
  "class A { async *items(word) { yield /^a/u.test(word); } }",
  "({ *items() { yield /'/.source; } })",
  "function* items() { yield /a/; }",
  "class A { *items() { const half = (a) => a / 2 / 1; yield half(1) / 2; } }",
])("reads %s", (source) => {
  const options = { ecmaVersion: "latest", sourceType: "module" } as const;
  expect(JavaScriptParser.parse(source, options).body).toHaveLength(1);
});
