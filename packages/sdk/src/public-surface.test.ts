import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { must } from "@dorian/base/must";
import { checkout } from "@dorian/testkit/checkout";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { beforeAll, expect, test } from "vitest";

const index = join(import.meta.dirname, "index.ts");
const appError = fileURLToPath(import.meta.resolve("@dorian/base/app-error"));

interface Declaration extends Export {
  text: string;
  /** All of the file that it stands in, without comments. */
  file: string;
}

const surface: Declaration[] = [];

beforeAll(async () => {
  await using declarations = await temporaryDirectory();
  await emitDeclarations(declarations.path);
  const read = async (source: string) => {
    const path = join(declarations.path, relative(checkout, source)).replace(/\.ts$/, ".d.ts");
    return withoutComments(await readFile(path, "utf8"));
  };
  for (const each of exportsIn(await read(index))) {
    const { name, from } = each;
    const file = await read(from === "@dorian/base/app-error" ? appError : join(import.meta.dirname, from));
    const text = must(declarationOf(name, file), `the declaration of ${name} in ${from}`);
    surface.push({ ...each, text, file });
  }
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

test("whatever a signature of the SDK names can be imported as well", () => {
  const offered = new Set(surface.map(({ name }) => name));
  const hidden = surface.flatMap(({ name, text, file }) =>
    ownNamesIn(file)
      .filter((used) => !offered.has(used) && new RegExp(`\\b${used}\\b`).test(text))
      .map((used) => `${name} names ${used}`),
  );
  expect(hidden).toEqual([]);
});

async function emitDeclarations(outDir: string): Promise<void> {
  const project = join(outDir, "tsconfig.json");
  await writeFile(
    project,
    JSON.stringify({
      extends: join(checkout, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        rootDir: checkout,
        outDir,
        typeRoots: [join(checkout, "node_modules/@types")],
      },
      files: [index, appError],
      include: [],
    }),
  );
  const tsc = fileURLToPath(import.meta.resolve("typescript/package.json")).replace(
    "package.json",
    "bin/tsc",
  );
  await promisify(execFile)(process.execPath, [tsc, "--project", project]);
}

interface Export {
  name: string;
  as: string;
  from: string;
}

function exportsIn(index: string): Export[] {
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(
    ([, names = "", from = ""]) =>
      [...names.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, name = "", as = name]) => ({
        name,
        as,
        from,
      })),
  );
}

function withoutComments(text: string): string {
  return text.replaceAll(/^ *\/\*\*[\s\S]*?\*\/\n/gm, "");
}

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

/** All of its overloads. */
function declarationOf(name: string, file: string): string | undefined {
  const lines = file.split("\n");
  const begins = new RegExp(
    `^export (declare )?(abstract )?(class|function|interface|type|const) ${name}\\b`,
  );
  const found: string[] = [];
  let isWithin = false;
  for (const line of lines) {
    isWithin = begins.test(line) || (isWithin && /^[\s})]/.test(line));
    if (isWithin) found.push(line);
  }
  return found.length > 0 ? found.join("\n").trimEnd() : undefined;
}

function byName(one: string, other: string): number {
  const name = (text: string) => /(?:class|function|interface|type|const) (\w+)/.exec(text)?.[1] ?? "";
  return name(one) < name(other) ? -1 : 1;
}
