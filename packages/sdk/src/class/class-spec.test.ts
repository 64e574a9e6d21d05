import { expect, test } from "vitest";
import { marksFromSpec } from "./class-spec.ts";

class Model {
  load(): void {}
  connect(): void {}
}

test("hooks of a class without decorators have options where there are any, and the order that they have there", () => {
  expect(marksFromSpec(Model, { enter: { load: { snap: true }, connect: {} } }).marks).toEqual([
    { kind: "enter", name: "load", snap: true },
    { kind: "enter", name: "connect" },
  ]);
  expect(marksFromSpec(Model, { enter: ["connect"] }).marks).toEqual([{ kind: "enter", name: "connect" }]);
});
