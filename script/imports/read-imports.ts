import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface Import {
  /** Both relative to the folder that was read. */
  from: string;
  to: string;
  /** Gone when the sources run. */
  typeOnly: boolean;
}

const statement =
  /^(?:import|export)\s+(type\s)?([^;"]*?)from\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;

/** Imports between the files below a folder, tests apart: they may look at anything. */
export function readImports(folder: string): Import[] {
  const files = globSync("**/*.ts", { cwd: folder, exclude: (path) => path.endsWith(".test.ts") });
  return files.toSorted().flatMap((from) =>
    [...readFileSync(join(folder, from), "utf8").matchAll(statement)].map((match) => ({
      from,
      to: normalize(join(dirname(from), match[3] ?? match[4] ?? match[5] ?? "")),
      typeOnly: match[1] !== undefined || namesTypesAlone(match[2] ?? ""),
    })),
  );
}

function namesTypesAlone(clause: string): boolean {
  const names = /^\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  return names?.every((name) => name === "" || name.startsWith("type ")) ?? false;
}
