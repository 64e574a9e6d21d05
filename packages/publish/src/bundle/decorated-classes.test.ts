import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleForContainer } from "./bundle-for-container.ts";
import { SourceCache } from "./source-cache.ts";
import { container, local, project, run } from "../../test/test-project.ts";

/** What can be called and is no function otherwise: `call` and `apply` are not there. */
const callable = `
  export class Callable {
    constructor(readonly factor: number) {
      const self = (value: number) => (self as unknown as Callable)._call(value);
      return Object.assign(Object.setPrototypeOf(self, new.target.prototype), { factor });
    }
    _call(value: number) { return value * this.factor; }
  }
  export type Call = (value: number) => number;`;

async function outputs(files: Record<string, string>): Promise<string[]> {
  const root = await project(files);
  await writeFile(join(root, "in-container.mjs"), (await container(root, "app.ts")).code);
  const here = await run((await local(root, "app.ts")).path, "--enable-source-maps");
  const there = await run(join(root, "in-container.mjs"), "--enable-source-maps");
  expect(here.stderr + there.stderr).toBe("");
  expect(there.stdout).toBe(here.stdout);
  return here.stdout.split("\n");
}

test("private members of a decorated class mean what they say, whatever they hold [A9]", async () => {
  expect(
    await outputs({
      "callable.ts": callable,
      "app.ts": `
        import { Callable, type Call } from "./callable.ts";
        const made = (factor: number) => new Callable(factor) as unknown as Call;
        const mark = (_value: unknown, _context: DecoratorContext) => {};
        @mark
        class Model {
          #pipe?: Call;
          static #shared = made(5);
          static #count = 0;
          #calls: Call[] = [made(1), made(7)];
          @mark size: number = 3;
          @mark enter() { this.#pipe = made(2); this.#pipe ??= made(9); }
          get #current(): Call { return this.#pipe!; }
          set #current(value: Call) { this.#pipe = value; }
          #twice(value: number): number { return this.#pipe!(value) * 2; }
          static #make() { return new Model(); }
          static #named(value: number) { return Model.#shared(value) + this.#count; }
          static get #sum() { return Model.#shared; }
          @mark infer(value: number) {
            Model.#count += 1;
            this.#current = made(3);
            return [this.#pipe!(value), this.#pipe?.(value), this.#current(value), this.#twice(value), this.#calls[1]!(value),
              Model.#shared(value), Model.#sum(value), Model.#named(value), Model.#count, Model.#make() instanceof Model,
              #pipe in this, #twice in {}, (0, this.#pipe!)(value), this.size];
          }
          static probe(value: object) { try { return (value as Model).#calls.length; } catch (error) { return (error as Error).name; } }
        }
        const model = new Model();
        model.enter();
        console.log(JSON.stringify(model.infer(10)), Model.probe({}), Model.name, String(Object.keys(model)));
        class Sub extends Model { #own = made(4); @mark more() { return this.#own(2) + this.infer(1).length; } }
        console.log(new Sub().more(), new (@mark class { #p = made(6); @mark f() { return this.#p(1); } })().f());`,
    }),
  ).toEqual([`[30,30,30,60,70,50,50,51,1,true,true,false,30,3] TypeError Model size`, "22 6"]);
});

test("decorators see the members, contexts and order that the standard says [A9]", async () => {
  const lines = await outputs({
    "app.ts": `
      Symbol.metadata ??= Symbol.for("Symbol.metadata");
      const seen: string[] = [];
      function mark(name: string) {
        seen.push("eval " + name);
        return (_value: any, context: DecoratorContext): any => {
          seen.push([name, context.kind, String(context.name), "static" in context && context.static, "private" in context && context.private].join(" "));
          context.metadata[name] = context.kind;
          context.addInitializer(function () { seen.push("init " + name); });
          if (context.kind === "field") return (value: number) => (value ?? 0) + 100;
          if (context.kind === "method") return function (this: unknown, ...args: unknown[]) { return [name, _value.apply(this, args)]; };
        };
      }
      const key = "computed";
      @mark("class") class Model {
        @mark("a") a = 1;
        @mark("b") static b = 2;
        @mark("c") #c = 3;
        @mark("d") accessor d = 4;
        @mark("e1") @mark("e2") e() { return this.#c; }
        @mark("f") get f() { return 6; }
        @mark("g") static #g() { return 7; }
        @mark("h") [key]() { return 8; }
        @mark("i") "with-dash"?: number;
        static g() { return Model.#g(); }
      }
      const model = new Model();
      console.log(JSON.stringify([model.a, Model.b, model.d, model.e(), model.f, Model.g(), model[key](), model["with-dash"]]));
      console.log(Object.keys((Model as any)[Symbol.metadata]).join());
      console.log(seen.join("; "));`,
  });
  expect(JSON.parse(lines[0] ?? "")).toEqual([101, 102, 4, ["e1", ["e2", 103]], 6, ["g", 7], ["h", 8], 100]);
  expect(lines[1]?.split(",").toSorted().join()).toBe("a,b,c,class,d,e1,e2,f,g,h,i");
  expect(lines[2]).toContain("eval class; eval a; eval b; eval c; eval d; eval e1; eval e2");
  expect(lines[2]).toContain("c field #c false true");
  expect(lines[2]).toContain("g method #g true true");
  expect(lines[2]).toContain("class class Model false false");
});

test("a mistake in a file with decorators is shown at its own place, with its own line [A9]", async () => {
  const source = `import { x } from "dorian";\n\nconst mark = (_: unknown, __: unknown) => {};\n@mark class A {\n  @mark f(): number { return 1; }\n}\nimport { y } from "./absent.ts"; y();\n`;
  for (const [line, text] of [
    [7, `import { y } from "./absent.ts"`],
    [4, "@mark class A = {"],
  ] as const) {
    const root = await project({
      "app.ts": source.replace("@mark class A {", line === 4 ? text : "@mark class A {"),
    });
    await expect(local(root, "app.ts")).rejects.toThrow(
      new RegExp(`app\\.ts:${line}:\\d+: [^]*\\n  ${line} \\| ${text.replace(/[{}().]/g, "\\$&")}`),
    );
  }
});

test("traces and function texts of a decorated class are the author's own [A9]", async () => {
  const lines = await outputs({
    "app.ts": `
      const mark = (_: unknown, __: unknown) => {};

      @mark class Model {
        #name: string = "m";
        @mark
        async infer(value: number, scale = 2): Promise<number> { return this.#name.length * value * scale; }
        @mark fail() {

          throw new Error(
            "here");
        }
      }
      console.log(Model.prototype.infer.toString());
      try { new Model().fail(); } catch (error) { console.log((error as Error).stack!.split("\\n")[1]!.replace(/.*\\//, "")); }`,
  });
  expect(lines[0]).toBe("async infer(value, scale = 2) {");
  expect(lines.at(-1)).toBe("app.ts:10:17)");
});

test("what was compiled once is taken from the cache, and anew after an edit [A9]", async () => {
  const root = await project({
    "app.ts": `const mark = (_: unknown, __: unknown) => {}; @mark class A { #x = 1; }`,
  });
  const sourceCache = new SourceCache(join(root, "cache"));
  const bundle = async () =>
    (await bundleForContainer("app.ts", { root, externalPackages: [], sourceCache })).code;
  const first = await bundle();
  const [entry = ""] = await readdir(join(root, "cache"));
  expect(await bundle()).toBe(first);
  const kept = JSON.stringify({ code: "console.log('from the cache')", files: [] });
  await writeFile(join(root, "cache", entry), kept);
  expect(await bundle()).toContain("from the cache");
  await writeFile(
    join(root, "app.ts"),
    `const mark = (_: unknown, __: unknown) => {}; @mark class A { #x = 2; }`,
  );
  expect(await bundle()).toContain("#x = 2");
});
