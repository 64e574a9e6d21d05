import { JavaScriptParser } from "@dorian/publish/bundle/javascript-parser";
import type {
  AssignmentPattern,
  AssignmentProperty,
  Expression,
  Function as FunctionNode,
  Pattern,
} from "acorn";
import type { Parameter, ValueParameter, ValueType } from "./parameters.ts";

/** Parameters of a function, read from its own text. Types are known where a default value tells them. */
export function functionParameters(target: (...args: never[]) => unknown): Parameter[] {
  const found = functionNode(String(target));
  return found === undefined
    ? []
    : found.node.params.map((pattern, index) => parameterOf(pattern, index, found.source));
}

/** A function's text is an expression, or, for a method, the inside of an object literal. */
function functionNode(text: string): { node: FunctionNode; source: string } | undefined {
  for (const source of [`(${text})`, `({${text}})`]) {
    const expression = parsed(source);
    if (expression === undefined) continue;
    if (expression.type === "FunctionExpression" || expression.type === "ArrowFunctionExpression")
      return { node: expression, source };
    const property = expression.type === "ObjectExpression" ? expression.properties[0] : undefined;
    if (property?.type === "Property" && property.value.type === "FunctionExpression")
      return { node: property.value, source };
  }
  return undefined;
}

function parsed(source: string): Expression | undefined {
  try {
    return JavaScriptParser.parseExpressionAt(source, 0, { ecmaVersion: "latest", sourceType: "module" });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parameterOf(pattern: Pattern, index: number, source: string): Parameter {
  switch (pattern.type) {
    case "Identifier":
      return { kind: "value", name: pattern.name, optional: false };
    case "AssignmentPattern": {
      const parameter = parameterOf(pattern.left, index, source);
      return parameter.kind === "value" ? withDefault(parameter, pattern, source) : parameter;
    }
    case "ObjectPattern":
      return {
        kind: "object",
        properties: pattern.properties.flatMap((property) =>
          property.type === "Property" ? propertyOf(property, source) : [],
        ),
      };
    case "RestElement":
      return { kind: "rest", name: pattern.argument.type === "Identifier" ? pattern.argument.name : "rest" };
    default:
      return { kind: "value", name: `argument${index + 1}`, optional: false };
  }
}

function propertyOf({ key, value, computed }: AssignmentProperty, source: string): ValueParameter[] {
  if (computed || key.type !== "Identifier") return [];
  const property: ValueParameter = { kind: "value", name: key.name, optional: true };
  return [value.type === "AssignmentPattern" ? withDefault(property, value, source) : property];
}

function withDefault(
  parameter: ValueParameter,
  { right }: AssignmentPattern,
  source: string,
): ValueParameter {
  const type = typeOf(right);
  return {
    ...parameter,
    optional: true,
    ...(type === undefined ? {} : { type }),
    default: source.slice(right.start, right.end),
  };
}

function typeOf(value: Expression): ValueType | undefined {
  switch (value.type) {
    case "Literal":
      return typeof value.value === "object" ? undefined : literalTypes[typeof value.value];
    case "TemplateLiteral":
      return "string";
    case "UnaryExpression":
      // Minified code writes !0 and !1.
      if (value.operator === "!") return "boolean";
      return value.operator === "-" || value.operator === "+" ? typeOf(value.argument) : undefined;
    case "BinaryExpression": {
      const sides = [value.left, value.right].map((side) =>
        side.type === "PrivateIdentifier" ? undefined : typeOf(side),
      );
      if (value.operator === "+" && sides.includes("string")) return "string";
      return /^[-+*/%]|\*\*$/.test(value.operator) && sides[0] === sides[1] ? sides[0] : undefined;
    }
    // Most often a setting of the environment, and what it is without one.
    case "LogicalExpression":
      return value.operator === "&&" ? undefined : typeOf(value.right);
    case "NewExpression":
      return value.callee.type === "Identifier" && value.callee.name === "Date" ? "date" : undefined;
    case "ArrayExpression":
      return "list";
    case "ObjectExpression":
      return "object";
    case "Identifier":
      return value.name === "Infinity" || value.name === "NaN" ? "number" : undefined;
    default:
      return undefined;
  }
}

const literalTypes: Partial<Record<string, ValueType>> = {
  string: "string",
  number: "number",
  bigint: "bigint",
  boolean: "boolean",
};
