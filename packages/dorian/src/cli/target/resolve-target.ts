import { UsageError } from "../input.ts";
import type { AppOutline, CallableOutline } from "./app-outline.ts";
import type { TargetSignature } from "./map-arguments.ts";
import type { Target } from "./parse-target.ts";

/** What is going to be called. */
export type ResolvedTarget = { signature: TargetSignature } & (
  | { kind: "entrypoint" }
  | { kind: "function"; name: string }
  | { kind: "method"; className: string; method: string }
);

/**
 * Finds a target in an app. Without a name: the local entrypoint, else the only function or method there is.
 *
 * @throws UsageError that lists what there is.
 */
export function resolveTarget(target: Target, app: AppOutline): ResolvedTarget {
  const { object, method } = target;
  if (object === undefined) return onlyTarget(app);
  const found = app.functions.find(({ name }) => name === object);
  if (found && method === undefined) return functionTarget(found);
  const cls = app.classes.find(({ name }) => name === object);
  if (!cls) throw unknown(object, app);
  const named = method === undefined ? only(cls.methods) : cls.methods.find(({ name }) => name === method);
  if (named) return methodTarget(cls, named);
  throw method === undefined
    ? new UsageError(`"${object}" is a class: which of its methods?`, choices(app))
    : unknown(`${object}.${method}`, app);
}

function onlyTarget(app: AppOutline): ResolvedTarget {
  if (app.localEntrypoint) {
    const { parameters } = app.localEntrypoint;
    return {
      kind: "entrypoint",
      signature: { name: "The local entrypoint", parameters, classParameters: [] },
    };
  }
  const callables = targetNames(app);
  if (callables.length === 1) {
    const [cls] = app.classes;
    const [single] = app.functions;
    if (single) return functionTarget(single);
    const onlyMethod = cls && only(cls.methods);
    if (cls && onlyMethod) return methodTarget(cls, onlyMethod);
  }
  throw new UsageError(
    callables.length === 0
      ? `App "${app.name}" has nothing to call.`
      : `App "${app.name}" has no local entrypoint.`,
    callables.length === 0 ? "give it a function with app.function(…)." : choices(app),
  );
}

function functionTarget({ name, parameters }: CallableOutline): ResolvedTarget {
  return { kind: "function", name, signature: { name, parameters, classParameters: [] } };
}

function methodTarget(cls: AppOutline["classes"][number], method: CallableOutline): ResolvedTarget {
  const signature = {
    name: `${cls.name}.${method.name}`,
    parameters: method.parameters,
    classParameters: cls.parameters,
  };
  return { kind: "method", className: cls.name, method: method.name, signature };
}

function unknown(name: string, app: AppOutline): UsageError {
  return new UsageError(`App "${app.name}" has no "${name}".`, choices(app));
}

function choices(app: AppOutline): string {
  return `name one after "::", which are ${targetNames(app).join(", ")}.`;
}

function targetNames(app: AppOutline): string[] {
  return [
    ...app.functions.map(({ name }) => name),
    ...app.classes.flatMap((cls) => cls.methods.map(({ name }) => `${cls.name}.${name}`)),
  ];
}

function only<T>(items: T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
