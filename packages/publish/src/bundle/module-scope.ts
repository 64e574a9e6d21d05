import type { Pattern } from "acorn";
import { transform, type Loader } from "esbuild";
import { JavaScriptParser } from "./javascript-parser.ts";

/**
 * The line by which a user module tells `globalThis[Symbol.for("dorian.moduleScopes")]` its file, the names at its top level (imported
 * ones too) and how to read them: the identity of a build method includes the values that it refers to. Empty for what does not parse.
 */
export async function scopeRegistration(file: string, source: string, loader: Loader): Promise<string> {
  const names = await topLevelNames(source, loader);
  if (!names) return "";
  const cases = names.map((name) => `case ${JSON.stringify(name)}: return ${name};`).join(" ");
  return `
;(globalThis[Symbol.for("dorian.moduleScopes")] ??= []).push({ file: ${JSON.stringify(file)}, names: ${JSON.stringify(names)}, get: (name) => { switch (name) { ${cases} default: throw new ReferenceError(name + " is not defined"); } } });
`;
}

/** Names with a value at the top level of a module; undefined when it does not parse or is not an ES module. */
async function topLevelNames(source: string, loader: Loader): Promise<string[] | undefined> {
  // esbuild takes out what only types need, and turns the rest into what acorn can read.
  const plain = await transform(source, {
    loader,
    target: "es2024",
    format: "esm",
    logLevel: "silent",
  }).catch(() => undefined);
  if (!plain) return undefined;
  const program = JavaScriptParser.parse(plain.code, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowHashBang: true,
  });
  const names = new Set<string>();
  for (const node of program.body) {
    if (node.type === "ImportDeclaration") for (const item of node.specifiers) names.add(item.local.name);
    const declaration =
      node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration"
        ? node.declaration
        : node;
    if (declaration?.type === "VariableDeclaration")
      for (const item of declaration.declarations) addPattern(item.id, names);
    else if (declaration?.type === "FunctionDeclaration" || declaration?.type === "ClassDeclaration")
      if (declaration.id) names.add(declaration.id.name);
  }
  // Lowering decorators adds names of its own, which the source does not have.
  return [...names].filter((name) =>
    new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(source),
  );
}

function addPattern(pattern: Pattern, names: Set<string>): void {
  if (pattern.type === "Identifier") names.add(pattern.name);
  else if (pattern.type === "AssignmentPattern") addPattern(pattern.left, names);
  else if (pattern.type === "RestElement") addPattern(pattern.argument, names);
  else if (pattern.type === "ArrayPattern")
    for (const item of pattern.elements) {
      if (item) addPattern(item, names);
    }
  else if (pattern.type === "ObjectPattern")
    for (const item of pattern.properties)
      addPattern(item.type === "RestElement" ? item.argument : item.value, names);
}
