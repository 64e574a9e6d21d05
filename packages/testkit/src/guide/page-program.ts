import type { Fence } from "../markdown/fences.ts";
import type { GuidePage } from "./guide-page.ts";

/** A file made of a page's blocks, which knows where in the page each of its lines stands. */
export class PageProgram {
  readonly path: string;
  #lines: { text: string; origin: number }[] = [];

  constructor(path: string) {
    this.path = path;
  }

  get text(): string {
    return this.#lines.map(({ text }) => `${text}\n`).join("");
  }

  add(text: string, origin: number): void {
    this.#lines.push({ text, origin });
  }

  addBlock({ code, line }: Fence): void {
    for (const [index, text] of code.trimEnd().split("\n").entries()) this.add(text, line + index);
  }

  /** The page's line that is line `line` of this file, both from 1. */
  origin(line: number): number {
    return this.#lines[line - 1]?.origin ?? 1;
  }
}

/** The files of a page's project. */
export function projectPrograms(page: GuidePage): PageProgram[] {
  return [...page.files].map(([path, blocks]) => {
    const program = new PageProgram(path);
    for (const block of blocks) program.addBlock(block);
    return program;
  });
}

/**
 * All TypeScript of a page that belongs to no file, as one program for the compiler. A piece knows what those before it
 * have declared and imported, what the page's files export and import, and everything of `dorian`.
 */
export function fragmentsProgram(page: GuidePage, ofDorian: readonly string[]): PageProgram | undefined {
  const fragments = page.fragments.filter(({ language }) => language === "ts");
  if (fragments.length === 0) return undefined;
  const program = new PageProgram("fragments.ts");
  const all = fragments.map(({ code }) => code).join("\n");
  const imported = new Set(importedNames(all));
  const offer = (specifier: string, names: readonly string[]) => {
    const wanted = names.filter((name) => new RegExp(`\\b${name}\\b`).test(all) && !imported.has(name));
    if (wanted.length > 0) program.add(`import { ${wanted.join(", ")} } from "${specifier}";`, 1);
    for (const name of wanted) imported.add(name);
  };
  for (const file of projectPrograms(page).filter(({ path }) => path.endsWith(".ts"))) {
    offer(`./${file.path}`, exportedNames(file.text));
    for (const statement of file.text.match(importStatement) ?? []) {
      const names = importedNames(statement);
      const isWanted = names.some((name) => new RegExp(`\\b${name}\\b`).test(all));
      if (!isWanted || names.some((name) => imported.has(name))) continue;
      program.add(statement.replaceAll(/\s+/g, " "), 1);
      for (const name of names) imported.add(name);
    }
  }
  offer("dorian", ofDorian);
  const bodies = fragments.map((fragment) => withoutImports(fragment, program));
  program.add("export async function fragments() {", 1);
  for (const body of bodies) {
    program.add("{", body.line);
    program.addBlock(body);
  }
  program.add(`${"}".repeat(bodies.length)} }`, 1);
  return program;
}

/** Moves a piece's imports to the top of the program, each once; what it exports it declares. */
function withoutImports(fragment: Fence, program: PageProgram): Fence {
  const code = fragment.code.replaceAll(importStatement, (statement, ...rest) => {
    const line = fragment.line + fragment.code.slice(0, Number(rest.at(-2))).split("\n").length - 1;
    const text = statement.replaceAll(/\s+/g, " ");
    if (!program.text.includes(text)) program.add(text, line);
    return statement.replaceAll(/[^\n]/g, "");
  });
  return { ...fragment, code: code.replaceAll(/^export (?!default)/gm, "") };
}

const importStatement = /^import\s[^;]*?["'][^"']+["'];/gm;

function importedNames(code: string): string[] {
  return [...code.matchAll(importStatement)].flatMap(([statement]) => {
    const [clause = ""] = statement.split(/\bfrom\b/);
    return clause.match(/[\w$]+(?=\s*[,}]|\s*$)/g) ?? [];
  });
}

function exportedNames(code: string): string[] {
  const found = code.matchAll(
    /^export (?:declare )?(?:async )?(?:abstract )?(?:class|const|function\*?|interface|let|type) ([\w$]+)/gm,
  );
  return [...found].map(([, name = ""]) => name);
}
