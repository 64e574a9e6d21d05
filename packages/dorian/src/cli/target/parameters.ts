/** What a target accepts. Names come from the code; types only where the code tells them at run time. */
export type Parameter =
  | { kind: "value"; name: string; type?: ValueType; optional: boolean }
  /** One object whose properties are given as options each. */
  | { kind: "object"; properties: string[] }
  /** Takes every further positional argument. */
  | { kind: "rest"; name: string };

export type ValueType = "string" | "number" | "boolean";

/** How the parameters are shown in usage texts: `--model-id <value> [--input <value>]`. */
export function usageOf(parameters: Parameter[]): string {
  return parameters
    .flatMap((parameter) => {
      switch (parameter.kind) {
        case "value": {
          const text =
            parameter.type === "boolean"
              ? optionName(parameter.name)
              : `${optionName(parameter.name)} <${parameter.type ?? "value"}>`;
          return [parameter.optional ? `[${text}]` : text];
        }
        case "object":
          return parameter.properties.map((name) => `[${optionName(name)} <value>]`);
        case "rest":
          return [`[${parameter.name}...]`];
      }
    })
    .join(" ");
}

/** `modelId` and `model_id` are typed as `--model-id`. */
export function optionName(name: string): string {
  return `--${name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase()}`;
}
