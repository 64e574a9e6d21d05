import { AppError } from "@dorian/base/app-error";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFunction } from "./free-names.ts";

const namesOf = (source: string) => [...new Set(readFunction(source).freeNames.map(({ name }) => name))];

describe("readFunction", () => {
  test.each([
    ["a function", "async function load(path) { return read(path, MODE); }", ["read", "MODE"]],
    ["an arrow function", "async (path) => read(path)", ["read"]],
    ["a method", "async load() { await this.save(DIR); }", ["DIR"]],
    ["a generator method", "*items() { yield* SOURCE; }", ["SOURCE"]],
    ["a method with private names and super", "load() { super.load(); return this.#secret + X; }", ["X"]],
    ["a method with a computed name", "[KEY]() { return 1; }", ["KEY"]],
  ])("finds the names that %s takes from outside", (_form, source, expected) => {
    expect(namesOf(source)).toEqual(expected);
  });

  test.each([
    ["properties", "() => { use(A.b, { c: D, E }); }", ["use", "A", "D", "E"]],
    ["labels", "() => { out: for (;;) { break out; } }", []],
    ["parameters and their defaults", "(a, { b = B, ...c }, [d] = D) => a + b + c + d", ["B", "D"]],
    ["variables of an inner block only there", "() => { { const a = 1; use(a); } return a; }", ["use", "a"]],
    ["var in the whole function", "() => { if (x) { var a = 1; } return a; }", ["x"]],
    ["loop variables", "() => { for (const item of LIST) use(item); }", ["LIST", "use"]],
    ["caught errors", "() => { try { go(); } catch (error) { log(error); } }", ["go", "log"]],
    [
      "inner functions and classes",
      "() => { class C extends Base {} function f() { return new C(); } return f; }",
      ["Base"],
    ],
    ["the name of a function itself", "function again() { return again(); }", []],
    ["assignments to outer names", "() => { COUNT = COUNT + 1; }", ["COUNT"]],
    ["templates and tags", "() => tag`${VALUE}`", ["tag", "VALUE"]],
    ["arguments", "function f() { return arguments.length; }", []],
  ])("understands %s", (_what, source, expected) => {
    expect(namesOf(source)).toEqual(expected);
  });

  test("says where each name stands", () => {
    const { text, freeNames } = readFunction("load() { return A + A; }");
    expect(freeNames.map(({ start, end }) => text.slice(start, end))).toEqual(["A", "A"]);
  });

  test("refuses native code", () => {
    expect(() => readFunction(String(parseInt))).toThrow(AppError);
    expect(() => readFunction(String(parseInt))).toThrow(/cannot be read/);
  });

  test("sees every outer name, whatever is declared in blocks around", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const statement: fc.Arbitrary<string> = fc.letrec<{ statement: string }>((tie) => ({
      statement: fc.oneof(
        { depthSize: "small" },
        name.map((it) => `use(${it});`),
        fc
          .tuple(name, fc.array(tie("statement"), { maxLength: 3 }))
          .map(([it, inner]) => `{ const ${it} = 1; ${inner.join(" ")} }`),
        fc
          .tuple(name, fc.array(tie("statement"), { maxLength: 3 }))
          .map(([it, inner]) => `((${it}) => { ${inner.join(" ")} })();`),
      ),
    })).statement;
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
        const body = statements.join(" ");
        // What fails to resolve when the code runs with every name trapped is what comes from outside.
        const touched = new Set<string>();
        const outside = new Proxy({} as Record<string, unknown>, {
          has: (_, key) => typeof key === "string",
          get: (_, key) => {
            if (typeof key !== "string") return undefined;
            touched.add(key);
            return key === "use" ? () => undefined : 0;
          },
        });
        new Function("outside", `with (outside) { (() => { ${body} })(); }`)(outside);
        expect(new Set(namesOf(`() => { ${body} }`))).toEqual(touched);
      }),
    );
  });
});
