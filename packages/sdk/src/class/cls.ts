import { AppError } from "@dorian/base/app-error";
import { Function_FunctionType } from "@dorian/protocol/modal";
import { callable } from "../function/callable.ts";
import { lookUpOnce } from "../function/remote-function.ts";
import { checkName } from "../name-rules.ts";
import { bindOnce, type ClassParameters, type Instance } from "./instance.ts";
import { encodeParameters } from "./parameters.ts";

type InstanceOf<C> = C extends abstract new (...args: never[]) => infer T ? T : never;

/**
 * A class of a deployed app, for programs that do not have its code.
 *
 * @example
 * const Model = Cls.fromName<typeof import("./app.ts").Model>("quickstart", "Model");
 * const label = await Model.instance({ modelId: "iris-b" }).inference.remote([5.1, 3.5, 1.4, 0.2]);
 */
export class Cls<C> {
  readonly name: string;
  #found: ReturnType<typeof lookUpOnce>;

  private constructor(name: string, found: ReturnType<typeof lookUpOnce>) {
    this.name = name;
    this.#found = found;
  }

  static fromName<C>(appName: string, name: string): Cls<C> {
    checkName("an app", appName);
    checkName("a class", name);
    return new Cls<C>(name, lookUpOnce(appName, `${name}.*`));
  }

  /** A handle on the containers of one set of parameters. */
  instance(parameters: ClassParameters<InstanceOf<C>> = {}): Instance<InstanceOf<C>> {
    const found = this.#found;
    const className = this.name;
    let bound: (() => Promise<string>) | undefined;
    const functionId = async () => {
      const { functionId, handleMetadata } = await found();
      const specs = handleMetadata?.classParameterInfo?.schema ?? [];
      bound ??= bindOnce(async () => functionId, specs, encodeParameters(className, specs, parameters));
      return bound();
    };
    const method = (name: string) =>
      callable({
        resolve: async () => ({ functionId: await functionId(), methodName: await knownMethod(name) }),
        isGenerator: async () =>
          (await found()).handleMetadata?.methodHandleMetadata[name]?.functionType ===
          Function_FunctionType.GENERATOR,
      });
    const knownMethod = async (name: string) => {
      const methods = Object.keys((await found()).handleMetadata?.methodHandleMetadata ?? {});
      if (methods.includes(name)) return name;
      throw new AppError(
        "METHOD_NOT_FOUND",
        `Class ${className} has no method "${name}" that can be called.`,
        {
          status: "NOT_FOUND",
          remedy: `It has: ${methods.join(", ")}. A method needs @method() to be callable.`,
        },
      );
    };
    return new Proxy({} as object, {
      get: (_, name) => (typeof name === "string" && name !== "then" ? method(name) : undefined),
    }) as Instance<InstanceOf<C>>;
  }
}
