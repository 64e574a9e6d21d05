import { readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { checkout } from "../checkout.ts";
import { runCommand } from "../run-command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import type { GuidePage } from "./guide-page.ts";
import { fragmentsProgram, projectPrograms, type PageProgram } from "./page-program.ts";

/** What the compiler says against the TypeScript of these pages, by the pages' own lines. One run of it reads all. */
export async function typeFaults(pages: readonly GuidePage[]): Promise<string[]> {
  const programs = new Map<string, { page: GuidePage; program: PageProgram }>();
  const ofDorian = dorianNames();
  for (const page of pages) {
    const own = [...projectPrograms(page), fragmentsProgram(page, ofDorian)];
    for (const program of own) {
      if (program) programs.set(join(folderOf(page), program.path), { page, program });
    }
  }
  const texts = [...programs].map(([path, { program }]) => [path, program.text] as const);
  await using project = await temporaryDirectory({
    ...Object.fromEntries(texts),
    "absent.d.ts": absentIn(texts.map(([, text]) => text))
      .map((name) => `declare module "${name}";\n`)
      .join(""),
    "package.json": JSON.stringify({ type: "module" }),
    "tsconfig.json": JSON.stringify({
      extends: join(checkout, "tsconfig.json"),
      compilerOptions: { moduleDetection: "force", resolveJsonModule: true },
      include: ["**/*.ts"],
      exclude: ["node_modules"],
    }),
  });
  await symlink(join(checkout, "node_modules"), join(project.path, "node_modules"));
  const tsc = [process.execPath, join(checkout, "node_modules/typescript/bin/tsc"), "--pretty", "false"];
  const { code, stdout, stderr } = await runCommand([...tsc, "-p", "."], { cwd: project.path });
  const faults = stdout.split("\n").flatMap((said) => {
    const [, path = "", line = "", words = ""] = /^(.+?)\((\d+),\d+\): (.*)$/.exec(said) ?? [];
    const from = programs.get(path);
    if (!from) return said.trim() === "" ? [] : [said];
    if (implicitAny.test(words) && absentIn([from.program.text]).length > 0) return [];
    return [`docs/guide/${from.page.name}:${from.program.origin(Number(line))}: ${words}`];
  });
  return code === 0 || stdout.trim() !== "" ? faults : [stderr];
}

function folderOf({ name }: GuidePage): string {
  return name.replace(/\.md$/, "");
}

function dorianNames(): string[] {
  const surface = readFileSync(join(checkout, "packages/sdk/public-surface.txt"), "utf8");
  const declared = surface.matchAll(
    /^export (?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)|^export \{ \w+ as (\w+) \}/gm,
  );
  return [...declared].map(([, name, other]) => name ?? other ?? "");
}

/** What a callback has parameters of is known by its package, where that is installed. */
const implicitAny = /^error TS70(06|31):/;

/** Packages that only images have: whatever is imported from them is taken on trust. */
function absentIn(texts: readonly string[]): string[] {
  const { resolve } = createRequire(join(checkout, "package.json"));
  const specifiers = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^."'][^"']*)["']/g)].map(([, name = ""]) => name),
  );
  return [...new Set(specifiers)].filter((name) => {
    if (name.startsWith("node:") || name === "dorian" || name.startsWith("dorian/")) return false;
    try {
      return !resolve(name);
    } catch {
      return true;
    }
  });
}
