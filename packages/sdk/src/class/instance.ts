import { AppError } from "@dorian/base/app-error";
import type { ClassParameterSpec } from "@dorian/protocol/modal";
import { isGeneratorFunction, type RegisteredClass } from "../app/registered.ts";
import { transport } from "../client/transport.ts";
import { callable, type AnyFunction, type Callable } from "../function/callable.ts";
import { construct, type ParameterValue } from "./construct.ts";
import { encodeParameters, parameterSpecs } from "./parameters.ts";

/** Fields that may be given to `instance`: those of a type that can be a parameter. */
export type ClassParameters<T> = {
  [K in keyof T as T[K] extends ParameterValue ? K : never]?: T[K];
};

type RemoteMethod<F extends AnyFunction> = Callable<F> & { local(...args: Parameters<F>): ReturnType<F> };

/** The methods of an instance, each with its remote forms. */
export type Instance<T> = {
  readonly [K in keyof T as T[K] extends AnyFunction ? K : never]: T[K] extends AnyFunction
    ? RemoteMethod<T[K]>
    : never;
};

/** A handle on an instance of a class whose code is here. */
export function instanceHandle<T extends object>(
  registered: RegisteredClass,
  parameters: Record<string, unknown>,
  classFunctionId: () => Promise<string>,
): Instance<T> {
  const { tag, target, marks } = registered;
  const specs = parameterSpecs(tag, target, marks);
  const serialized = encodeParameters(tag, specs, parameters);
  const bound = bindOnce(classFunctionId, specs, serialized);
  let local: Record<string, AnyFunction> | undefined;
  const callableMethods = new Set(
    marks.marks.filter((mark) => mark.kind === "method").map((mark) => mark.name),
  );
  const handle = {};
  for (const name of methodNames(target.prototype as object)) {
    Object.defineProperty(handle, name, {
      enumerable: callableMethods.has(name),
      get: () => {
        if (!callableMethods.has(name)) throw notCallable(tag, name);
        const own = (target.prototype as Record<string, AnyFunction>)[name];
        return {
          ...callable({
            resolve: async () => ({ functionId: await bound(), methodName: name }),
            isGenerator: () => isGeneratorFunction(own),
          }),
          local: (...args: never[]) => {
            local ??= construct(
              target,
              new Map(Object.entries(parameters) as [string, ParameterValue][]),
            ) as Record<string, AnyFunction>;
            return local[name]?.(...args);
          },
        };
      },
    });
  }
  return handle as Instance<T>;
}

/** The id of a class's function for one set of parameters, asked for once. */
export function bindOnce(
  classFunctionId: () => Promise<string>,
  specs: ClassParameterSpec[],
  serializedParams: Uint8Array,
): () => Promise<string> {
  let bound: Promise<string> | undefined;
  const bind = async () => {
    const functionId = await classFunctionId();
    if (specs.length === 0) return functionId;
    const { modal } = await transport();
    return (await modal.functionBindParams({ functionId, serializedParams, functionOptions: {} }))
      .boundFunctionId;
  };
  return async () => {
    bound ??= bind();
    try {
      return await bound;
    } catch (error) {
      bound = undefined;
      throw error;
    }
  };
}

function notCallable(className: string, name: string): AppError {
  return new AppError(
    "METHOD_NOT_CALLABLE",
    `${className}.${name} cannot be called remotely: it lacks @method().`,
    {
      status: "INVALID_ARGUMENT",
      remedy: `Put @method() on ${name}.`,
    },
  );
}

function methodNames(prototype: object): Set<string> {
  const names = new Set<string>();
  for (
    let at: object | null = prototype;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== "constructor" && typeof value === "function") names.add(name);
    }
  }
  return names;
}
