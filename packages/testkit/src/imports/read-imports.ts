import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface Import {
  /** Both relative to the folder that was read. */
  from: string;
  to: string;
  /** Gone when the sources run. */
  typeOnly: boolean;
}

export interface Named {
  /** As it is written. */
  specifier: string;
  typeOnly: boolean;
}

const statement =
  /^(?:import|export)\s+(type\s)?([^;"'`=]*?)from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport(?:\.meta\.resolve)?\(\s*"([^"]+)"/gm;

/** What a file imports. Sources of apps that stand in a test may be among it. */
export function importsOf(path: string): Named[] {
  return [...readFileSync(path, "utf8").matchAll(statement)].map((match) => ({
    specifier: match[3] ?? match[4] ?? match[5] ?? "",
    typeOnly: match[1] !== undefined || namesTypesAlone(match[2] ?? ""),
  }));
}

/** Imports between the files below a folder, tests apart: they may look at anything. */
export function readImports(folder: string): Import[] {
  const files = globSync("**/*.ts", { cwd: folder, exclude: (path) => path.endsWith(".test.ts") });
  return files.toSorted().flatMap((from) =>
    importsOf(join(folder, from))
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier, typeOnly }) => ({ from, to: normalize(join(dirname(from), specifier)), typeOnly })),
  );
}

function namesTypesAlone(clause: string): boolean {
  const names = /^\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  return names?.every((name) => name === "" || name.startsWith("type ")) ?? false;
}
