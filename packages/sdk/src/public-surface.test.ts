import { readdirSync } from "node:fs";
import { join } from "node:path";
import { apiPages } from "@dorian/testkit/api-reference/api-pages";
import { docstringFaults } from "@dorian/testkit/api-reference/docstring-faults";
import { checkout } from "@dorian/testkit/checkout";
import {
  publicDeclarations,
  withoutComments,
  type PublicDeclaration,
} from "@dorian/testkit/public-declarations";
import { errorsIn, productSources } from "@dorian/testkit/source-texts";
import { beforeAll, expect, test } from "vitest";

let declarations: PublicDeclaration[];
/** Of the door "dorian". */
let surface: { name: string; as: string; text: string; file: string }[];

beforeAll(async () => {
  declarations = await publicDeclarations();
  surface = declarations
    .filter(({ door }) => door === "dorian")
    .map(({ text, file, ...names }) => ({
      ...names,
      text: withoutComments(text),
      file: withoutComments(file),
    }));
});

/**
 * What users can import, and what it offers them: whatever is marked `@internal` is left out. A change of it is a change for
 * users: look at it, then write it down with `vitest run packages/sdk/src/public-surface.test.ts -u`.
 */
test("the SDK offers what public-surface.txt says", async () => {
  const texts = surface.map(({ name, as, text }) =>
    as === name ? text : `${text}\nexport { ${name} as ${as} };`,
  );
  await expect(`${texts.toSorted(byName).join("\n\n")}\n`).toMatchFileSnapshot("../public-surface.txt");
});

/** `npm run generate` writes it anew. */
test("the API reference in docs/api says what the comments say", async () => {
  const folder = join(checkout, "docs/api");
  const pages = apiPages(declarations);
  expect(readdirSync(folder).filter((name) => !pages.has(name))).toEqual([]);
  for (const [name, text] of pages) await expect(text).toMatchFileSnapshot(join(folder, name));
});

test("each public name says what it is, its units, what holds without it, and an example shows it", () => {
  const codes = new Set(
    productSources()
      .flatMap(errorsIn)
      .flatMap((error) => error.codes),
  );
  expect(docstringFaults(declarations, codes)).toEqual([]);
});

test("whatever a signature of the SDK names can be imported as well", () => {
  const offered = new Set(surface.map(({ name }) => name));
  const hidden = surface.flatMap(({ name, text, file }) =>
    ownNamesIn(file)
      .filter((used) => !offered.has(used) && new RegExp(`\\b${used}\\b`).test(text))
      .map((used) => `${name} names ${used}`),
  );
  expect(hidden).toEqual([]);
});

/** What a file declares, or takes from others of ours: what comes from elsewhere users can get there. */
function ownNamesIn(file: string): string[] {
  const declared = /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|interface|type|const) (\w+)/gm;
  const imported = /^import (?:type )?\{([^}]*)\} from "(?:\.|@dorian\/)/gm;
  const inline = /import\("(?:\.|@dorian\/)[^"]*"\)\.(\w+)/g;
  return [
    ...[...file.matchAll(declared), ...file.matchAll(inline)].map(([, name = ""]) => name),
    ...[...file.matchAll(imported)].flatMap(([, names = ""]) =>
      [...names.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, name = "", as = name]) => as),
    ),
  ];
}

function byName(one: string, other: string): number {
  const name = (text: string) => /(?:class|function|interface|type|const) (\w+)/.exec(text)?.[1] ?? "";
  return name(one) < name(other) ? -1 : 1;
}
