import { AppError, messageOf } from "@dorian/base/app-error";
import type { Node, Pattern } from "acorn";
import { ancestor } from "acorn-walk";
import { JavaScriptParser } from "../bundle/javascript-parser.ts";

/** A place in a source text where a name is used that the text itself does not declare. */
export interface FreeName {
  name: string;
  start: number;
  end: number;
}

export interface FunctionSource {
  /** What was parsed: the function's text inside what makes it a program. */
  text: string;
  /** Where the function's own text begins and ends in it. */
  start: number;
  end: number;
  /** In the order of their places. */
  freeNames: FreeName[];
}

/**
 * The names that a function or method takes from around it.
 *
 * @throws AppError BUILD_FUNCTION_UNREADABLE for code that has no source text.
 */
export function readFunction(source: string): FunctionSource {
  const forms = [
    // A method's text has no `function` before it; `super` and private names need a class around it.
    { before: "(class extends Object {\n", after: "\n})" },
    { before: "(", after: "\n)" },
  ];
  let failure: unknown;
  for (const { before, after } of forms) {
    const text = `${before}${source}${after}`;
    try {
      const program = JavaScriptParser.parse(text, {
        ecmaVersion: "latest",
        sourceType: "module",
        checkPrivateFields: false,
        allowAwaitOutsideFunction: false,
      });
      const start = before.length;
      return { text, start, end: start + source.length, freeNames: freeNamesOf(program, start) };
    } catch (error) {
      failure = error;
    }
  }
  throw new AppError(
    "BUILD_FUNCTION_UNREADABLE",
    `The source of a build function cannot be read: ${messageOf(failure)}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Use a function that is written in your own module, not one that is native or made by bind().",
      cause: failure,
    },
  );
}

function freeNamesOf(program: Node, from: number): FreeName[] {
  const scopes = declaredNames(program);
  const found: FreeName[] = [];
  const see = (node: Node & { name: string }, ancestors: readonly Node[]) => {
    const declared = ancestors.some((each) => scopes.get(each)?.has(node.name));
    if (!declared && node.name !== "arguments" && node.name !== "undefined")
      found.push({ name: node.name, start: node.start, end: node.end });
  };
  ancestor(program, {
    Identifier: (node, _state, ancestors) => see(node, ancestors),
    // Targets of assignments; of declarations, too, but those are declared.
    VariablePattern: (node: Node, _state: unknown, ancestors: Node[]) =>
      see(node as Node & { name: string }, ancestors),
  } as Parameters<typeof ancestor>[1]);
  return found.filter(({ start }) => start >= from).toSorted((a, b) => a.start - b.start);
}

type Scoped = Node & { body?: unknown };

/** The names that each scope declares, by the node that makes the scope. */
function declaredNames(program: Node): Map<Node, Set<string>> {
  const scopes = new Map<Node, Set<string>>();
  const declare = (scope: Node | undefined, names: Iterable<string>) => {
    if (!scope) return;
    const known = scopes.get(scope) ?? new Set<string>();
    for (const name of names) known.add(name);
    scopes.set(scope, known);
  };
  ancestor(program, {
    Function: (node, _state, ancestors) => {
      declare(
        node,
        node.params.flatMap((parameter) => patternNames(parameter)),
      );
      if (!node.id) return;
      // The name of an expression belongs to itself, that of a declaration to the block around it.
      declare(node.type === "FunctionDeclaration" ? nearest(ancestors.slice(0, -1), isBlock) : node, [
        node.id.name,
      ]);
    },
    Class: (node, _state, ancestors) => {
      if (!node.id) return;
      declare(node.type === "ClassDeclaration" ? nearest(ancestors.slice(0, -1), isBlock) : node, [
        node.id.name,
      ]);
    },
    VariableDeclaration: (node, _state, ancestors) => {
      const names = node.declarations.flatMap((declaration) => patternNames(declaration.id));
      declare(nearest(ancestors.slice(0, -1), node.kind === "var" ? isFunction : isBlock), names);
    },
    CatchClause: (node) => {
      if (node.param) declare(node, patternNames(node.param));
    },
  });
  return scopes;
}

const blocks = new Set([
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "StaticBlock",
  "Program",
]);

function isBlock(node: Scoped): boolean {
  return blocks.has(node.type) || isFunction(node);
}

function isFunction(node: Node): boolean {
  return /Function/.test(node.type) || node.type === "Program" || node.type === "StaticBlock";
}

function nearest(ancestors: readonly Node[], matches: (node: Node) => boolean): Node | undefined {
  return ancestors.findLast(matches);
}

function patternNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "AssignmentPattern":
      return patternNames(pattern.left);
    case "RestElement":
      return patternNames(pattern.argument);
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? patternNames(element) : []));
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        patternNames(property.type === "RestElement" ? property.argument : property.value),
      );
    default:
      return [];
  }
}
