import { type Expression, type Function as FunctionNode, parseExpressionAt, type Pattern } from "acorn";
import type { Parameter, ValueType } from "./parameters.ts";

/** Parameters of a function, read from its own text. Types are known where a default value tells them. */
export function functionParameters(target: (...args: never[]) => unknown): Parameter[] {
  const node = functionNode(String(target));
  return node === undefined ? [] : node.params.map(parameterOf);
}

/** A function's text is an expression, or, for a method, the inside of an object literal. */
function functionNode(text: string): FunctionNode | undefined {
  for (const source of [`(${text})`, `({${text}})`]) {
    const expression = parsed(source);
    if (expression === undefined) continue;
    if (expression.type === "FunctionExpression" || expression.type === "ArrowFunctionExpression")
      return expression;
    const property = expression.type === "ObjectExpression" ? expression.properties[0] : undefined;
    if (property?.type === "Property" && property.value.type === "FunctionExpression") return property.value;
  }
  return undefined;
}

function parsed(source: string): Expression | undefined {
  try {
    return parseExpressionAt(source, 0, { ecmaVersion: "latest", sourceType: "module" });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parameterOf(pattern: Pattern, index: number): Parameter {
  switch (pattern.type) {
    case "Identifier":
      return { kind: "value", name: pattern.name, optional: false };
    case "AssignmentPattern": {
      const parameter = parameterOf(pattern.left, index);
      if (parameter.kind !== "value") return parameter;
      const type = typeOf(pattern.right);
      return { ...parameter, optional: true, ...(type === undefined ? {} : { type }) };
    }
    case "ObjectPattern":
      return { kind: "object", properties: pattern.properties.flatMap(propertyName) };
    case "RestElement":
      return { kind: "rest", name: pattern.argument.type === "Identifier" ? pattern.argument.name : "rest" };
    default:
      return { kind: "value", name: `argument${index + 1}`, optional: false };
  }
}

function propertyName(property: {
  type: string;
  key?: Expression | { type: string };
  computed?: boolean;
}): string[] {
  const key = property.key as { type?: string; name?: string } | undefined;
  return property.type === "Property" && !property.computed && key?.type === "Identifier" && key.name
    ? [key.name]
    : [];
}

function typeOf(value: Expression): ValueType | undefined {
  if (value.type === "TemplateLiteral") return "string";
  if (value.type === "UnaryExpression" && value.operator === "-") return typeOf(value.argument);
  // Minified code writes !0 and !1.
  if (value.type === "UnaryExpression" && value.operator === "!") return "boolean";
  if (value.type !== "Literal") return undefined;
  const type = typeof value.value;
  return type === "string" || type === "number" || type === "boolean" ? type : undefined;
}
