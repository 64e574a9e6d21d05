import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "./checkout.ts";
import { importsOf } from "./imports/read-imports.ts";

interface Package {
  name: string;
  /** `packages/base/` */
  directory: string;
  exports: Record<string, string>;
  dependencies: string[];
  devDependencies: string[];
}

interface Passage {
  /** Path of the file that imports. */
  from: string;
  specifier: string;
}

const packages = globSync("packages/*/package.json", { cwd: checkout }).map((path): Package => {
  const read = JSON.parse(readFileSync(join(checkout, path), "utf8")) as {
    name: string;
    exports?: Record<string, string>;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return {
    name: read.name,
    directory: `${posix.dirname(path)}/`,
    exports: read.exports ?? {},
    dependencies: Object.keys(read.dependencies ?? {}),
    devDependencies: Object.keys(read.devDependencies ?? {}),
  };
});

const passages = globSync(["packages/*/{src,test}/**/*.ts", "{test,bench,script,examples}/**/*.ts", "*.ts"], {
  cwd: checkout,
  exclude: (path) => path.includes("node_modules"),
})
  .toSorted()
  .flatMap((from) => importsOf(join(checkout, from)).map(({ specifier }): Passage => ({ from, specifier })));

test("an import of another package goes through one of its doors", () => {
  const round = passages.filter((passage) => {
    const owner = ownerOf(passage.from);
    if (passage.specifier.startsWith(".")) {
      const to = posix.join(posix.dirname(passage.from), passage.specifier);
      return ownerOf(to) !== undefined && ownerOf(to) !== owner;
    }
    const asked = packageOf(passage.specifier);
    return asked !== undefined && !(doorOf(passage.specifier, asked) in asked.exports);
  });
  expect(round.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("every door is used by somebody outside, and called as the file behind it", () => {
  const used = new Set(
    passages
      .filter(({ from, specifier }) => packageOf(specifier) !== ownerOf(from))
      .map(({ specifier }) => specifier),
  );
  const odd = packages.flatMap(({ name, exports }) =>
    Object.entries(exports)
      .filter(([door, file]) => !used.has(name + door.slice(1)) || file !== fileOf(door))
      .map(([door]) => `${name}: ${door}`),
  );
  expect(odd).toEqual([]);
});

test("what a package imports stands in its package.json, and of our own packages nothing else does", () => {
  const odd = packages.flatMap((each) => {
    const own = passages.filter(({ from }) => from.startsWith(each.directory));
    const inProduct = own.filter(({ from }) => !isOfTests(from)).map(nameOf);
    const anywhere = own.map(nameOf).filter((name) => name.startsWith("@dorian/"));
    const { name, dependencies, devDependencies } = each;
    const missing = [
      ...inProduct.filter((used) => !dependencies.includes(used)),
      ...anywhere.filter((used) => ![...dependencies, ...devDependencies].includes(used)),
    ].filter((used) => used !== name && used !== "" && !tools.has(used));
    const superfluous = [
      ...dependencies.filter((each) => !inProduct.includes(each)),
      ...devDependencies.filter((each) => !anywhere.includes(each)),
    ].filter((each) => each.startsWith("@dorian/"));
    return [
      ...[...new Set(missing)].map((used) => `${name} lacks ${used}`),
      ...superfluous.map((used) => `${name} does not need ${used}`),
    ];
  });
  expect(odd).toEqual([]);
});

/** Run over all packages, and stand in the root's package.json. */
const tools = new Set(["vitest", "typescript"]);

function isOfTests(path: string): boolean {
  return /\.test(-d)?\.ts$|^packages\/(?!testkit\/)([^/]+\/test\/|.*\/(test-|scripted-)[^/]+$)/.test(path);
}

function ownerOf(path: string): Package | undefined {
  return packages.find(({ directory }) => path.startsWith(directory));
}

/** The package of ours that a specifier names. */
function packageOf(specifier: string): Package | undefined {
  return packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
}

function doorOf(specifier: string, { name }: Package): string {
  return `.${specifier.slice(name.length)}`;
}

function fileOf(door: string): string {
  return door === "." ? "./src/index.ts" : `./src/${door.slice(2)}.ts`;
}

/** Name of the package that an import names; empty for files and Node's modules. */
function nameOf({ specifier }: Passage): string {
  if (/^(\.|#|node:)/.test(specifier)) return "";
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
