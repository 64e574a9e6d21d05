/** What a target accepts. Names come from the code; types only where the code tells them at run time. */
export type Parameter =
  | ValueParameter
  /** One object whose properties are given as options each. */
  | { kind: "object"; properties: ValueParameter[] }
  /** Takes every further positional argument. */
  | { kind: "rest"; name: string };

export interface ValueParameter {
  kind: "value";
  name: string;
  type?: ValueType;
  optional: boolean;
  /** Its default as the code writes it, for people. */
  default?: string;
}

/** What a default tells of the values that may stand for it. An integer is one of 64 bits: a bigint where a number is too small. */
export type ValueType = "string" | "number" | "integer" | "bigint" | "boolean" | "date" | "list" | "object";

/** How the parameters are shown in usage texts: `--model-id <value> [--input <value>]`. */
export function usageOf(parameters: Parameter[]): string {
  return parameters
    .flatMap((parameter) => {
      switch (parameter.kind) {
        case "value":
          return [parameter.optional ? `[${optionText(parameter)}]` : optionText(parameter)];
        case "object":
          return parameter.properties.map((property) => `[${optionText(property)}]`);
        case "rest":
          return [`[${parameter.name}...]`];
      }
    })
    .join(" ");
}

/** An option with the kind of its value: `--epochs <number>`. */
export function optionText({ name, type }: ValueParameter): string {
  return type === "boolean" ? optionName(name) : `${optionName(name)} <${type ?? "value"}>`;
}

/** `modelId` and `model_id` are typed as `--model-id`. */
export function optionName(name: string): string {
  return `--${name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase()}`;
}
