import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { parse, type Expression, type Program, type Property, type SpreadElement } from "acorn";
import { simple } from "acorn-walk";
import { checkout } from "./checkout.ts";

/** An error as a source file makes it; a value that is only known when it happens stands as ‹name›. */
export interface ErrorTexts {
  codes: string[];
  messages: string[];
  remedies: string[];
}

/** The product's source files, without generated ones and what only tests use. */
export function productSources(packages = "*"): string[] {
  return globSync(`packages/${packages}/src/**/*.ts`, { cwd: checkout })
    .filter((path) => !/\.d\.ts$|\.test(-d)?\.ts$|\/(test-|scripted-)[^/]+$|packages\/testkit\//.test(path))
    .toSorted();
}

/** Every AppError that a file makes. */
export function errorsIn(path: string): ErrorTexts[] {
  const program = programOf(path);
  const constants = new Map<string, Expression>();
  simple(program, {
    VariableDeclarator({ id, init }) {
      if (id.type === "Identifier" && init) constants.set(id.name, init);
    },
  });
  const known = (node: Expression | SpreadElement): Expression | SpreadElement =>
    (node.type === "Identifier" && constants.get(node.name)) || node;
  const errors: ErrorTexts[] = [];
  simple(program, {
    NewExpression({ callee, arguments: [code, message, options] }) {
      if (callee.type !== "Identifier" || callee.name !== "AppError" || !code || !message) return;
      const remedies = options?.type === "ObjectExpression" ? options.properties.flatMap(remedyIn) : [];
      const codes = textsOf(known(code)).filter((text) => /^[A-Z0-9_]+$/.test(text));
      errors.push({ codes, messages: textsOf(message), remedies });
    },
  });
  return errors;
}

/** Every text of a file that is a sentence. */
export function sentencesIn(path: string): string[] {
  const sentences: string[] = [];
  const keep = (text: string) => {
    if (/^[A-Z‹"`].*\s.*[.!?…]\s*$/s.test(text)) sentences.push(text);
  };
  simple(programOf(path), {
    Literal({ value }) {
      if (typeof value === "string") keep(value);
    },
    TemplateLiteral(node) {
      for (const text of textsOf(node)) keep(text);
    },
  });
  return sentences;
}

/** Every pattern of a file, as it is written between its slashes. */
export function patternsIn(path: string): string[] {
  const patterns: string[] = [];
  simple(programOf(path), {
    Literal({ regex }) {
      if (regex) patterns.push(regex.pattern);
    },
  });
  return patterns;
}

function programOf(path: string): Program {
  const source = stripTypeScriptTypes(readFileSync(join(checkout, path), "utf8"));
  return parse(source, { ecmaVersion: "latest", sourceType: "module" });
}

function remedyIn(property: Property | SpreadElement): string[] {
  const isRemedy =
    property.type === "Property" && property.key.type === "Identifier" && property.key.name === "remedy";
  return isRemedy ? textsOf(property.value) : [];
}

function textsOf(node: Expression | SpreadElement): string[] {
  if (node.type === "Literal") return [String(node.value)];
  if (node.type === "ConditionalExpression") return [node.consequent, node.alternate].flatMap(textsOf);
  if (node.type === "BinaryExpression" && node.operator === "+" && node.left.type !== "PrivateIdentifier")
    return textsOf(node.left).flatMap((left) =>
      textsOf(node.right as Expression).map((right) => left + right),
    );
  if (node.type !== "TemplateLiteral") return [`‹${nameOf(node)}›`];
  return [
    node.quasis
      .map(
        ({ value }, index) =>
          value.cooked + (index < node.expressions.length ? `‹${nameOf(node.expressions[index])}›` : ""),
      )
      .join(""),
  ];
}

function nameOf(node: Expression | SpreadElement | undefined): string {
  if (node?.type === "Identifier") return node.name;
  if (node?.type === "MemberExpression" && node.property.type === "Identifier") return node.property.name;
  return "…";
}
