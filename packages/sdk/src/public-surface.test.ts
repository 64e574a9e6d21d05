import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { must } from "@dorian/base/must";
import { checkout } from "@dorian/testkit/checkout";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

const index = join(import.meta.dirname, "index.ts");
const appError = fileURLToPath(import.meta.resolve("@dorian/base/app-error"));

/**
 * What users can import, and what it offers them: whatever is marked `@internal` is left out. A change of it is a change for
 * users: look at it, then write it down with `vitest run packages/sdk/src/public-surface.test.ts -u`.
 */
test("the SDK offers what public-surface.txt says", async () => {
  await using declarations = await temporaryDirectory();
  await emitDeclarations(declarations.path);
  const read = (source: string) =>
    readFile(join(declarations.path, relative(checkout, source)).replace(/\.ts$/, ".d.ts"), "utf8");
  const surface: string[] = [];
  for (const { name, from, as } of exportsIn(await read(index))) {
    const source = from === "@dorian/base/app-error" ? appError : join(import.meta.dirname, from);
    const declaration = must(
      declarationOf(name, await read(source)),
      `the declaration of ${name} in ${from}`,
    );
    surface.push(as === name ? declaration : `${declaration}\nexport { ${name} as ${as} };`);
  }
  await expect(`${surface.toSorted(byName).join("\n\n")}\n`).toMatchFileSnapshot("../public-surface.txt");
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

/** All of its overloads, without comments. */
function declarationOf(name: string, text: string): string | undefined {
  const lines = text.replaceAll(/^ *\/\*\*[\s\S]*?\*\/\n/gm, "").split("\n");
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
