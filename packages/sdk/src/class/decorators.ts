import { AppError } from "@dorian/base/app-error";
import { isLoadedByCommand } from "../local/local-path.ts";
import { initialParameter, type ParameterValue } from "./construct.ts";
import { checkTimeout } from "../image/run-function-options.ts";
import {
  ownMarks,
  type BuildOptions,
  type EnterOptions,
  type Mark,
  type MarkKind,
  type ParameterType,
} from "./class-marks.ts";

/** Marks a method, as `@method()` does. */
export interface MethodDecorator {
  (value: (...args: never[]) => unknown, context: ClassMethodDecoratorContext): void;
  /** How a project with "experimentalDecorators" in its tsconfig checks it; commands compile it as the standard has it all the same. */
  (prototype: object, name: string, descriptor: PropertyDescriptor): void;
}

/** Marks a hook: a method that takes nothing, since nobody passes it anything. */
export interface HookDecorator {
  (value: () => unknown, context: ClassMethodDecoratorContext): void;
  /** How "experimentalDecorators" checks it. */
  (prototype: object, name: string, descriptor: PropertyDescriptor): void;
}

/**
 * The method runs once, while the image is built; the files it leaves behind are part of the image. It has the GPU, cores,
 * memory, volumes and secrets of its class.
 *
 * @throws AppError OPTION_INVALID for its timeout
 * @example
 * const app = new App("built");
 * @app.cls()
 * class Squares {
 *   @build() async table() { await writeFile("/root/squares", "0 1 4 9"); }
 *   @method() async third() { return (await readFile("/root/squares", "utf8")).split(" ")[3]; }
 * }
 * app.localEntrypoint(async () => console.log(await app.instance(Squares).third.remote()));
 */
export function build(options: BuildOptions = {}): HookDecorator {
  checkTimeout("@build()", options.timeout);
  return mark("build", arguments, options);
}

/**
 * The method runs once in each container, before any input. Calls fail with what it throws.
 *
 * @example
 * const app = new App("entered");
 * @app.cls()
 * class Counter {
 *   count = 0;
 *   @enter() async begin() { this.count = 8; }
 *   @method() async next() { return ++this.count; }
 * }
 * app.localEntrypoint(async () => console.log(await app.instance(Counter).next.remote()));
 */
export function enter(options: EnterOptions = {}): HookDecorator {
  return mark("enter", arguments, options);
}

/**
 * The method runs once in each container, after the last input. What it throws is in the log. A class that is a standard disposable,
 * by `[Symbol.asyncDispose]()` or `[Symbol.dispose]()`, is disposed of behind its exit hooks.
 *
 * @example
 * @app.cls()
 * class Session {
 *   @method() async work() {}
 *   @exit() async close() { console.log("closed"); }
 * }
 */
export function exit(): HookDecorator {
  return mark("exit", arguments);
}

/**
 * The method can be called from outside: `instance.method.remote(…)`. One that yields is a generator.
 *
 * @example
 * const app = new App("called");
 * @app.cls()
 * class Square {
 *   @method() async of(x: number) { return x * x; }
 * }
 * app.localEntrypoint(async () => console.log(await app.instance(Square).of.remote(3)));
 */
export function method(): MethodDecorator {
  return mark("method", arguments);
}

/** Marks a field as a parameter. */
export interface ParameterDecorator {
  <This extends object, V extends ParameterValue>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, V>,
  ): (this: This, ownDefault: V) => V;
  /** As for methods: how "experimentalDecorators" checks it. */
  (prototype: object, name: string): void;
}

/**
 * The field is a parameter: `app.instance(Model, { modelId: "b" })` sets it, and each set of values has containers of
 * its own. `type` is needed only where there is no default to tell it.
 *
 * @example
 * const app = new App("parametrized");
 * @app.cls()
 * class Adder {
 *   @parameter() to = 0;
 *   @method() async add(x: number) { return this.to + x; }
 * }
 * app.localEntrypoint(async () => console.log(await app.instance(Adder, { to: 4 }).add.remote(5)));
 */
export function parameter(options: { type?: ParameterType } = {}): ParameterDecorator {
  refuseBare("parameter", arguments);
  const decorate = <This extends object, V extends ParameterValue>(
    _: undefined,
    context: ClassFieldDecoratorContext<This, V>,
  ) => {
    checkContext("parameter", "field", context);
    const name = memberName("parameter", context);
    ownMarks(context.metadata).parameters.push({ name, ...options });
    return function (this: This, ownDefault: V): V {
      return initialParameter(this, name, ownDefault) as V;
    };
  };
  return decorate as ParameterDecorator;
}

function mark(kind: MarkKind, args: IArguments, options: BuildOptions & EnterOptions = {}): MethodDecorator {
  return markMethod(kind, args, { kind, ...options });
}

/** A decorator that leaves a mark on a method. `args` are those that `decorator` was called with. */
export function markMethod(
  decorator: string,
  args: ArrayLike<unknown>,
  made: Omit<Mark, "name">,
): MethodDecorator {
  refuseBare(decorator, args);
  const decorate = (_: unknown, context: ClassMethodDecoratorContext) => {
    checkContext(decorator, "method", context);
    ownMarks(context.metadata).marks.push({ ...made, name: memberName(decorator, context) });
  };
  return decorate as MethodDecorator;
}

/** @throws AppError DECORATORS_NOT_STANDARD, DECORATOR_MISPLACED */
export function checkContext(
  decorator: string,
  expected: "field" | "method" | "class",
  context: ClassFieldDecoratorContext | ClassMethodDecoratorContext | ClassDecoratorContext | undefined,
): void {
  // The older kind of decorators is called with the member's name in this place.
  if (typeof context !== "object" || context.metadata === undefined) {
    throw new AppError(
      "DECORATORS_NOT_STANDARD",
      `@${decorator}() was not called the way of standard decorators.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: isLoadedByCommand()
          ? `Import ${decorator} from "dorian" in the file that uses it, under its own name: otherwise the decorators of that file are taken for those that "experimentalDecorators" in its tsconfig.json asks for.`
          : 'Run the file with `dorian run`, or compile it without "experimentalDecorators" and with decorator metadata (2023-11).',
      },
    );
  }
  if (context.kind === expected) return;
  throw new AppError("DECORATOR_MISPLACED", `@${decorator}() stands on a ${String(context.kind)}.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Put it on a ${expected}.`,
  });
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

/**
 * `@build async load() {}` calls the factory itself as the decorator: with the method and its context.
 *
 * @throws AppError DECORATOR_WITHOUT_PARENTHESES
 */
export function refuseBare(kind: string, args: ArrayLike<unknown>): void {
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
