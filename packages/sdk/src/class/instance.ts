import { AppError } from "@dorian/base/app-error";
import { isGeneratorFunction, type RegisteredClass } from "./registered.ts";
import type { MarkKind } from "./class-marks.ts";
import type { AnyFunction } from "../any-function.ts";
import type { MethodAsCalled } from "../batch/batch.ts";
import { localBatch } from "../batch/local-batch.ts";
import { callable, type Callable, type RemoteResult } from "../function/callable.ts";
import { functionPool, type FunctionPool } from "../function/function-pool.ts";
import { bindOnce } from "../function/variant.ts";
import type { VariantOptions } from "../function/variant-options.ts";
import { construct, type ParameterValue } from "./construct.ts";
import { encodeParameters, parameterSpecs } from "./parameters.ts";
import type { TakesWebPort } from "../web/web-port.ts";
import type { WebMark } from "../web/web-options.ts";
import { webProgram } from "../web/web-program.ts";
import { requireAsDeployed, webUrl, withParameters } from "../web/web-url.ts";

/** Fields that may be given to `instance`: those of a type that can be a parameter. */
export type ClassParameters<T> = {
  [K in keyof T as T[K] extends ParameterValue ? K : never]?: T[K];
};

/** A method with its remote forms. */
export interface RemoteMethod<F extends AnyFunction> extends Callable<F> {
  /**
   * Runs it here, on an instance of this process whose enter hooks have run.
   *
   * @throws AppError FUNCTION_NOT_LOCAL when its class was looked up by name
   */
  local(...args: Parameters<F>): RemoteResult<F>;
  /**
   * The address of a method that serves the web: one with `@web()` that neither takes a request nor gives a response has it as its
   * only remote form.
   *
   * @throws AppError FUNCTION_NOT_WEB, APP_NOT_RUNNING, WEB_ADDRESS_OF_ANOTHER
   */
  url(): Promise<string>;
}

/** A method that serves the web. */
export interface WebMethod {
  /** Its address, which leads to this instance: its parameters are in the query. @throws AppError APP_NOT_RUNNING, WEB_ADDRESS_OF_ANOTHER */
  url(): Promise<string>;
  /** Answers a request here, on an instance of this process whose enter hooks have run. */
  local(request: Request): Promise<Response>;
}

/** The methods of an instance, each with its remote forms, and what all of its containers do: all methods share them. */
export type Instance<T> = {
  readonly [K in keyof T as T[K] extends AnyFunction ? K : never]: T[K] extends AnyFunction
    ? ServesWeb<T[K]> extends true
      ? WebMethod
      : RemoteMethod<MethodAsCalled<T[K]>>
    : never;
} & Omit<FunctionPool, keyof T>;

/** Whether a method takes a request or gives a response, as no others can since neither travels to a container and back, or starts a server. */
export type ServesWeb<F extends AnyFunction> =
  Parameters<F> extends [Request, ...unknown[]]
    ? true
    : TakesWebPort<F> extends true
      ? true
      : [Awaited<ReturnType<F>>] extends [never]
        ? false
        : 0 extends 1 & Awaited<ReturnType<F>>
          ? false
          : Awaited<ReturnType<F>> extends Response
            ? true
            : false;

/** A handle on an instance of a class whose code is here. */
export function instanceHandle<T extends object>(
  registered: RegisteredClass,
  parameters: Record<string, unknown>,
  classFunctionId: () => Promise<string>,
  options: VariantOptions = {},
): Instance<T> {
  const { tag, target, marks } = registered;
  const specs = parameterSpecs(tag, target, marks);
  const serialized = encodeParameters(tag, specs, parameters);
  const serializedParams = specs.length === 0 ? undefined : serialized;
  const bound = bindOnce(classFunctionId, { serializedParams, options });
  const local = localInstance(registered, parameters);
  const isBatched = (name: string) => marks.marks.some((mark) => mark.name === name && mark.batching);
  const kindsOf = (name: string) => marks.marks.filter((mark) => mark.name === name).map((mark) => mark.kind);
  const webMethods = new Map<string, WebMethod>();
  const handle = {};
  for (const [name, value] of Object.entries(functionPool(`Class "${tag}"`, bound)))
    Object.defineProperty(handle, name, { value, configurable: true });
  for (const name of methodNames(target.prototype as object)) {
    const kinds = kindsOf(name);
    Object.defineProperty(handle, name, {
      enumerable: kinds.includes("method") || kinds.includes("web"),
      get: () => {
        const { web } = marks.marks.find((mark) => mark.name === name && mark.kind === "web") ?? {};
        if (web) {
          const made =
            webMethods.get(name) ??
            webMethod(registered, name, web, { classFunctionId, parameters, options, local });
          webMethods.set(name, made);
          return made;
        }
        if (!kinds.includes("method")) throw notCallable(tag, name, kinds);
        const isGenerator = isGeneratorFunction((target.prototype as Record<string, AnyFunction>)[name]);
        return {
          ...callable({
            name: `${tag}.${name}`,
            resolve: async () => ({ functionId: await bound(), methodName: name }),
            isGenerator: () => isGenerator,
          }),
          local: (...args: unknown[]) => {
            if (isGenerator) return yieldLocally(local, name, args);
            const call = (...given: unknown[]) => callLocally(local, name, given);
            return isBatched(name) ? localBatch(call, args) : call(...args);
          },
          url: async () => await webUrl(`${tag}.${name}`, await classFunctionId(), name),
        };
      },
    });
  }
  return handle as Instance<T>;
}

/** A method that serves the web, of an instance with these parameters. */
function webMethod(
  { tag }: RegisteredClass,
  name: string,
  web: WebMark,
  of: {
    classFunctionId: () => Promise<string>;
    parameters: Record<string, unknown>;
    options: VariantOptions;
    local: LocalInstance;
  },
): WebMethod {
  const program = webProgram(`${tag}.${name}`, web, async (...args) => (await of.local())[name]?.(...args));
  return {
    async url() {
      requireAsDeployed(`${tag}.${name}`, of);
      return withParameters(await webUrl(`${tag}.${name}`, await of.classFunctionId(), name), of.parameters);
    },
    async local(request) {
      await program.start({ signal: request.signal });
      return await program.answer(request);
    },
  };
}

type LocalInstance = () => Promise<Record<string, (...args: unknown[]) => unknown>>;

/** The class in this process, made at the first use, with its enter hooks run. */
function localInstance(
  { target, marks }: RegisteredClass,
  parameters: Record<string, unknown>,
): LocalInstance {
  let made: ReturnType<LocalInstance> | undefined;
  const make = async () => {
    const values = new Map(Object.entries(parameters) as [string, ParameterValue][]);
    const instance = construct(target, values) as Awaited<ReturnType<LocalInstance>>;
    for (const { kind, name } of marks.marks) if (kind === "enter") await instance[name]?.();
    return instance;
  };
  return () => (made ??= make());
}

async function callLocally(local: LocalInstance, name: string, args: unknown[]): Promise<unknown> {
  return await (await local())[name]?.(...args);
}

async function* yieldLocally(local: LocalInstance, name: string, args: unknown[]): AsyncGenerator<unknown> {
  yield* (await local())[name]?.(...args) as AsyncIterable<unknown>;
}

function notCallable(className: string, name: string, kinds: readonly MarkKind[]): AppError {
  const [kind] = kinds;
  const what = kind === undefined ? "it lacks @method()" : `it is a hook, marked with @${kind}()`;
  return new AppError("METHOD_NOT_CALLABLE", `${className}.${name} cannot be called from outside: ${what}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      kind === undefined ? `Put @method() on ${name}.` : "Call it from a method with @method() instead.",
  });
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
