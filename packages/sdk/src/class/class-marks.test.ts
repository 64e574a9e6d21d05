import { expect, test } from "vitest";
import { App } from "../app/app.ts";
import { checkMarks, marksOf, ownMarks, setMarks } from "./class-marks.ts";
import { build, enter, exit, method, parameter } from "./decorators.ts";
import { web, webServer } from "./web-decorators.ts";

type Decorate = (value: never, context: never) => unknown;

/** What a compiler calls a decorator with. */
function context(kind: string, name: string | symbol, metadata: object, member: object = {}) {
  return { kind, name, metadata, static: false, private: false, ...member };
}

function marked(...decorators: [Decorate, string][]) {
  const metadata = Object.create(null) as Record<PropertyKey, unknown>;
  for (const [decorate, name] of decorators)
    decorate((() => undefined) as never, context("method", name, metadata) as never);
  return ownMarks(metadata);
}

test("marks are kept in the order of definition, with their options", () => {
  const { marks } = marked(
    [build({ forceBuild: true }), "download"],
    [enter(), "load"],
    [method(), "predict"],
    [exit(), "bye"],
  );
  expect(marks).toEqual([
    { kind: "build", name: "download", forceBuild: true },
    { kind: "enter", name: "load" },
    { kind: "method", name: "predict" },
    { kind: "exit", name: "bye" },
  ]);
});

test("@build and @enter may be on one method, in either order [H1]", () => {
  for (const decorators of [
    [build(), enter()],
    [enter(), build()],
  ]) {
    const marks = marked(...decorators.map((decorate): [Decorate, string] => [decorate, "load"]));
    expect(() => checkMarks("Model", marks)).not.toThrow();
  }
});

test.for<[string, Decorate, Decorate, string]>([
  ["C12", build(), method(), "Cannot use @build decorator with @method"],
  ["C12", method(), build(), "Cannot use @build decorator with @method"],
  ["F10", enter(), method(), "Cannot use @enter decorator with @method"],
  ["F10", exit(), method(), "Cannot use @exit decorator with @method"],
  ["F10", enter(), exit(), "Cannot use @enter decorator with @exit"],
])("decorators that exclude each other are refused, by method [%s]", ([, first, second, message]) => {
  const marks = marked([first, "load"], [second, "load"]);
  expect(() => checkMarks("Model", marks)).toThrow(
    expect.objectContaining({ code: "DECORATORS_EXCLUDE_EACH_OTHER" }),
  );
  expect(() => checkMarks("Model", marks)).toThrow(`${message}: Model.load has both`);
});

test.for<[string, unknown]>([
  ["build", build],
  ["enter", enter],
  ["exit", exit],
  ["method", method],
  ["web", web],
  ["webServer", webServer],
  ["parameter", parameter],
])("@%s without parentheses is refused, with the right spelling [C12] [F10]", ([name, decorate]) => {
  const kind = name === "parameter" ? "field" : "method";
  const value = kind === "field" ? undefined : () => undefined;
  const bare = () => (decorate as Decorate)(value as never, context(kind, "load", {}) as never);
  expect(bare).toThrow(
    expect.objectContaining({ code: "DECORATOR_WITHOUT_PARENTHESES", remedy: `Write @${name}().` }),
  );
  expect(bare).toThrow('"load"');
});

test("@app.cls without parentheses is refused", () => {
  class Model {
    load() {}
  }
  expect(() => new App("marks").cls(Model as never)).toThrow(
    expect.objectContaining({ code: "DECORATOR_WITHOUT_PARENTHESES" }),
  );
});

test("decorators belong on public members of instances", () => {
  const place =
    (decorate: Decorate, kind: string, name: string | symbol, member: object = {}) =>
    () =>
      decorate(undefined as never, context(kind, name, {}, member) as never);
  const misplaced = expect.objectContaining({ code: "DECORATOR_MISPLACED" });
  expect(place(enter(), "class", "Model")).toThrow(misplaced);
  expect(place(enter(), "field", "x")).toThrow(misplaced);
  expect(place(parameter(), "method", "x")).toThrow(misplaced);
  expect(place(method(), "method", "x", { static: true })).toThrow(misplaced);
  expect(place(method(), "method", "#x", { private: true })).toThrow(misplaced);
  expect(place(method(), "method", Symbol("x"))).toThrow(misplaced);
});

test("decorators of the older kind are refused with what to do", () => {
  const decorate = enter() as unknown as (...args: unknown[]) => void;
  expect(() => decorate({}, "load", {})).toThrow(
    expect.objectContaining({ code: "DECORATORS_NOT_STANDARD" }),
  );
});

test("a subclass has its base's marks first; a method that both mark is one", () => {
  class Base {
    load() {}
  }
  class Derived extends Base {
    run() {}
  }
  setMarks(Base, { marks: [{ kind: "enter", name: "load" }], parameters: [{ name: "size" }] });
  setMarks(Derived, {
    marks: [
      { kind: "enter", name: "load" },
      { kind: "method", name: "run" },
    ],
    parameters: [],
  });
  expect(marksOf(Derived)).toEqual({
    marks: [
      { kind: "enter", name: "load" },
      { kind: "method", name: "run" },
    ],
    parameters: [{ name: "size" }],
  });
  expect(marksOf(Base).marks).toHaveLength(1);
});
