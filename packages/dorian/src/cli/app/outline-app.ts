import type { AnyFunction } from "@dorian/sdk/any-function";
import { ParameterType } from "@dorian/protocol/modal";
import type { App } from "@dorian/sdk";
import type { RegisteredClass } from "@dorian/sdk/class/registered";
import { parameterSpecs } from "@dorian/sdk/class/parameters";
import { inspect } from "node:util";
import type { AppOutline } from "../target/app-outline.ts";
import { functionParameters } from "../target/function-parameters.ts";
import type { Parameter, ValueType } from "../target/parameters.ts";

/** What can be called in an app whose module has been loaded. */
export function outlineApp(app: App): AppOutline {
  const { registered, entrypoint } = app;
  return {
    name: app.name,
    functions: registered.flatMap((item) =>
      item.kind === "function" && !item.web
        ? [{ name: item.tag, parameters: functionParameters(item.run) }]
        : [],
    ),
    classes: registered.flatMap((item) => (item.kind === "class" ? [outlineClass(item)] : [])),
    localEntrypoint: entrypoint && { parameters: functionParameters(entrypoint) },
  };
}

function outlineClass({ tag, target, marks }: RegisteredClass): AppOutline["classes"][number] {
  const prototype = target.prototype as Record<string, AnyFunction>;
  return {
    name: tag,
    parameters: parameterSpecs(tag, target, marks).map((spec): Parameter => {
      const type = valueTypes[spec.type];
      return {
        kind: "value",
        name: spec.name,
        optional: spec.hasDefault,
        ...(type ? { type } : {}),
        ...(spec.hasDefault ? { default: inspect(spec.defaultOneof.value) } : {}),
      };
    }),
    methods: marks.marks
      .filter(({ kind }) => kind === "method")
      .map(({ name }) => ({ name, parameters: prototype[name] ? functionParameters(prototype[name]) : [] })),
  };
}

const valueTypes: Partial<Record<ParameterType, ValueType>> = {
  [ParameterType.PARAM_TYPE_STRING]: "string",
  [ParameterType.PARAM_TYPE_INT]: "integer",
  [ParameterType.PARAM_TYPE_BOOL]: "boolean",
};
