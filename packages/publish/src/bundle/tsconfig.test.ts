import { symlink, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { local, project, run } from "../../test/test-project.ts";

const app = `
  import { method } from "dorian";
  class Base { inherited = "base"; }
  class Model extends Base {
    inherited!: string;
    #secret = 3;
    @method() size: number = 4;
    sum() { return this.#secret + this.size; }
  }
  const model = new Model();
  console.log(model.sum(), model.inherited);`;
/** Says how it was called: with a context when the decorator is a standard one. */
const sdk = `export const method = () => (_, context) => { if (typeof context !== "object") throw new Error("legacy"); };`;

async function output(files: Record<string, string>, entry = "app.ts"): Promise<string> {
  const root = await project({ "sdk.mjs": sdk, "app.ts": app, ...files });
  const bundle = await local(root, entry);
  const { stdout, stderr } = await run(bundle.path);
  expect(stderr).toBe("");
  return [stdout, ...bundle.warnings].join("\n");
}

const legacy = `"experimentalDecorators": true, "emitDecoratorMetadata": true`;

test.each([
  ["of its own", { "tsconfig.json": `{ "compilerOptions": { ${legacy}, "target": "es2019" } }` }],
  [
    "with comments, that extends a list, of packages too",
    {
      "tsconfig.json": `{ /* a */ "extends": ["@base/one/tsconfig.json", "./two.json"], // b\n "compilerOptions": { "strict": true, }, }`,
      "two.json": `{ "compilerOptions": { "useDefineForClassFields": false } }`,
      "node_modules/@base/one/tsconfig.json": `{ "compilerOptions": { ${legacy} } }`,
      "node_modules/@base/one/package.json": `{ "name": "@base/one" }`,
    },
  ],
  [
    "of a project of references, in a CommonJS package",
    {
      "tsconfig.json": `{ "files": [], "references": [{ "path": "./a" }], "compilerOptions": { ${legacy}, "module": "commonjs", "target": "es5" } }`,
      "package.json": `{ "type": "commonjs" }`,
    },
  ],
])("decorators of apps are standard ones under a tsconfig %s [A8]", async (_, files) => {
  expect(await output(files)).toBe("7 base");
});

test("fields are defined as the tsconfig says [A8]", async () => {
  expect(
    await output({ "tsconfig.json": `{ "compilerOptions": { "useDefineForClassFields": true } }` }),
  ).toBe("7 undefined");
  expect(
    await output({ "tsconfig.json": `{ "compilerOptions": { "useDefineForClassFields": false } }` }),
  ).toBe("7 base");
});

test("a file without decorators of apps has those that its tsconfig asks for, and is told what they lack [A8]", async () => {
  const files = {
    "app.ts": `import { Entity } from "./entity.ts"; console.log(new Entity().id);`,
    "entity.ts": `
      function column(target: object, name: string) { console.log(typeof name, String(name), (target as any)?.constructor.name); }
      export class Entity { @column id: string = "e"; }`,
  };
  const asked = `{ "compilerOptions": { "experimentalDecorators": true } }`;
  expect(await output({ ...files, "tsconfig.json": asked })).toBe("string id Entity\ne");
  const withTypes = await output({ ...files, "tsconfig.json": `{ "compilerOptions": { ${legacy} } }` });
  expect(withTypes).toContain("asks for emitDecoratorMetadata, which is not done");
  expect(await output({ ...files, "tsconfig.json": "{}" })).toBe("object [object Object] undefined\ne");
});

test("paths, baseUrl, jsx, aliases of package.json and verbatim imports are followed [A8]", async () => {
  expect(
    await output(
      {
        "tsconfig.json": `{ "compilerOptions": { "baseUrl": ".", "paths": { "~/*": ["./lib/*"] }, "jsx": "react", "jsxFactory": "h", "verbatimModuleSyntax": true } }`,
        "package.json": `{ "name": "mine", "imports": { "#words": "./lib/words.ts", "#deep/*": "./lib/*.ts" } }`,
        "app.tsx": `
          import { factor } from "~/k";
          import { word } from "#words";
          import { type Kind, word as deep } from "#deep/words";
          import { factor as based } from "lib/k";
          const h = (tag: string) => "<" + tag + ">";
          const kind: Kind = "x";
          console.log(factor, word, deep, based, <main />, kind);`,
        "lib/k.ts": `export const factor = 10;`,
        "lib/words.ts": `export type Kind = "x"; export const word = "word";`,
      },
      "app.tsx",
    ),
  ).toBe("10 word word 10 <main> x");
});

test("a package of the same workspace is the user's own code, with a tsconfig and packages of its own [A8]", async () => {
  const root = await project({
    "sdk.mjs": sdk,
    "packages/app/app.ts": `import { model, place, dep } from "@mono/lib"; console.log(model.f(), place, dep);`,
    "packages/app/tsconfig.json": `{ "compilerOptions": { ${legacy} } }`,
    "packages/lib/package.json": `{ "name": "@mono/lib", "type": "module", "exports": "./src/index.ts" }`,
    "packages/lib/tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }`,
    "packages/lib/src/index.ts": `
      import { twice } from "@/math";
      export { dep } from "dep";
      const mark = (_value: unknown, context: DecoratorContext) => { if (typeof context !== "object") throw new Error("legacy"); };
      class Model { #x = 2; @mark f() { return twice(this.#x); } }
      export const model = new Model();
      export const place = import.meta.filename;`,
    "packages/lib/src/math.ts": `export const twice = (x: number) => 2 * x;`,
    "packages/lib/node_modules/dep/package.json": `{ "name": "dep", "main": "index.js" }`,
    "packages/lib/node_modules/dep/index.js": `exports.dep = "of the library";`,
  });
  await mkdir(join(root, "node_modules/@mono"), { recursive: true });
  await symlink("../../packages/lib", join(root, "node_modules/@mono/lib"));
  const { stdout, stderr } = await run((await local(root, "packages/app/app.ts")).path);
  expect(stderr).toBe("");
  expect(stdout).toBe(`4 ${root}/packages/lib/src/index.ts of the library`);
});

test("a broken tsconfig is told with its place, one that extends nothing with a warning [A8]", async () => {
  const broken = await project({
    "sdk.mjs": sdk,
    "app.ts": app,
    "tsconfig.json": `{ "compilerOptions": { "strict": tru } }`,
  });
  await expect(local(broken, "app.ts")).rejects.toThrow(/tsconfig\.json:1:34: Unexpected "tru" in JSON/);
  const warned = await output({ "tsconfig.json": `{ "extends": "./absent.json" }` });
  expect(warned).toMatch(/tsconfig\.json:1:14: Cannot find base config file "\.\/absent\.json"/);
});
