import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { must } from "@dorian/base/must";
import { checkout } from "./checkout.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** What users import from, with what stands behind it. */
export type Door = "dorian" | "dorian/testing" | "dorian/testing/vite";
const indexes: Record<Door, string> = {
  dorian: join(checkout, "packages/sdk/src/index.ts"),
  "dorian/testing": join(checkout, "packages/testing/src/index.ts"),
  "dorian/testing/vite": join(checkout, "packages/dorian/src/testing/vite.ts"),
};

/** What stands in other packages than the index that names it. */
const elsewhere: Record<string, string> = {
  "@dorian/base/app-error": join(checkout, "packages/base/src/app-error.ts"),
  "@dorian/testing/vite": join(checkout, "packages/testing/src/vite.ts"),
};

/** What a door of the package exports, as TypeScript declares it; whatever is marked `@internal` is left out. */
export interface PublicDeclaration {
  door: Door;
  name: string;
  /** The name that users import. */
  as: string;
  /** The file that it stands in, as the index names it. */
  from: string;
  /** All of its overloads, with their comments. */
  text: string;
  /** All of the file that it stands in. */
  file: string;
}

export async function publicDeclarations(): Promise<PublicDeclaration[]> {
  await using emitted = await temporaryDirectory();
  await emitDeclarations(emitted.path);
  const read = (source: string) =>
    readFile(join(emitted.path, relative(checkout, source)).replace(/\.ts$/, ".d.ts"), "utf8");
  const found: PublicDeclaration[] = [];
  const doors = Object.entries(indexes) as [Door, string][];
  const exported = await Promise.all(
    doors.map(async ([door, index]) =>
      exportsIn(await read(index)).map((names) => ({ ...names, door, directory: dirname(index) })),
    ),
  );
  for (const { name, as, from, door, directory } of exported.flat()) {
    const file = await read(elsewhere[from] ?? join(directory, from));
    found.push({
      door,
      name,
      as,
      from,
      file,
      text: must(declarationOf(name, file), `the declaration of ${name} in ${from}`),
    });
  }
  return found;
}

export function withoutComments(text: string): string {
  return text.replaceAll(/^ *\/\*\*[\s\S]*?\*\/\n/gm, "");
}

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
      files: [...Object.values(indexes), ...Object.values(elsewhere)],
      include: [],
    }),
  );
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  await promisify(execFile)(process.execPath, [tsc, "--project", project]);
}

function exportsIn(index: string): { name: string; as: string; from: string }[] {
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm)].flatMap(
    ([, names = "", from = ""]) =>
      [...names.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, name = "", as = name]) => ({
        name,
        as,
        from,
      })),
  );
}

function declarationOf(name: string, file: string): string | undefined {
  const begins = new RegExp(
    `^export (declare )?(abstract )?(class|function|interface|type|const) ${name}\\b`,
  );
  const found: string[] = [];
  let comment: string[] = [];
  let isWithin = false;
  for (const line of file.split("\n")) {
    if (/^\/?\*| \*/.test(line.slice(0, 2))) {
      if (line.startsWith("/**")) [comment, isWithin] = [[], false];
      comment.push(line);
      continue;
    }
    const isFirst = begins.test(line);
    isWithin = isFirst || (isWithin && /^[\s})]/.test(line));
    if (isFirst) found.push(...comment);
    if (isWithin) found.push(line);
    comment = [];
  }
  return found.length > 0 ? found.join("\n").trimEnd() : undefined;
}
