import { AppError } from "@dorian/base/app-error";
import { parameterOverride } from "./construct.ts";
import { ownMarks, type MarkKind, type ParameterType } from "./class-marks.ts";

type MethodDecorator = (value: (...args: never[]) => unknown, context: ClassMethodDecoratorContext) => void;

/** The method runs once, while the image is built; the files it leaves behind are part of the image. */
export function build(options: { forceBuild?: boolean } = {}): MethodDecorator {
  return mark("build", arguments, options);
}

/** The method runs once in each container, before any input. */
export function enter(): MethodDecorator {
  return mark("enter", arguments);
}

/** The method runs once in each container, after the last input. */
export function exit(): MethodDecorator {
  return mark("exit", arguments);
}

/** The method can be called from outside: `instance.method.remote(…)`. */
export function method(): MethodDecorator {
  return mark("method", arguments);
}

/**
 * The field is a parameter: `app.instance(Model, { modelId: "b" })` sets it, and each set of values has containers of
 * its own. `type` is needed only where there is no default to tell it.
 */
export function parameter(
  options: { type?: ParameterType } = {},
): (value: undefined, context: ClassFieldDecoratorContext) => (this: unknown, initial: never) => never {
  refuseBare("parameter", arguments);
  return (_, context) => {
    const name = memberName("parameter", context);
    ownMarks(context.metadata).parameters.push({ name, ...options });
    return (initial) => parameterOverride(name, initial) as never;
  };
}

function mark(kind: MarkKind, args: IArguments, options: { forceBuild?: boolean } = {}): MethodDecorator {
  refuseBare(kind, args);
  return (_, context) => {
    if (context.kind !== "method") {
      throw new AppError("DECORATOR_MISPLACED", `@${kind}() stands on a ${String(context.kind)}.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Put it on a method.",
      });
    }
    ownMarks(context.metadata).marks.push({ kind, name: memberName(kind, context), ...options });
  };
}

function memberName(
  kind: string,
  context: { name: string | symbol; private: boolean; static: boolean },
): string {
  if (typeof context.name === "string" && !context.private && !context.static) return context.name;
  throw new AppError(
    "DECORATOR_MISPLACED",
    `@${kind}() stands on ${context.static ? "a static" : "a private"} member "${String(context.name)}".`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Put it on a public instance member.",
    },
  );
}

// `@build async load() {}` calls the factory itself as the decorator: with the method and its context.
function refuseBare(kind: string, args: IArguments): void {
  const [first, second] = args as unknown as [unknown, unknown];
  const bare =
    args.length === 2 &&
    typeof second === "object" &&
    second !== null &&
    "kind" in second &&
    "name" in second;
  if (!bare && (args.length === 0 || (typeof first === "object" && first !== null))) return;
  const name = bare ? String((second as { name: unknown }).name) : "";
  throw new AppError(
    "DECORATOR_WITHOUT_PARENTHESES",
    `@${kind} on ${JSON.stringify(name)} lacks its parentheses.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: `Write @${kind}().`,
    },
  );
}
