import { AppError } from "@dorian/base/app-error";
import { create } from "@bufbuild/protobuf";
import {
  Function_FunctionType,
  FunctionHandleMetadataSchema,
  type FunctionHandleMetadata,
} from "@dorian/protocol/modal";
import { callable } from "../function/callable.ts";
import { lookUpOnce } from "../function/remote-function.ts";
import { checkName } from "../name-rules.ts";
import { bindOnce, type ClassParameters, type Instance } from "./instance.ts";
import { urlIn, withParameters } from "../web/web-url.ts";
import { encodeBinding } from "./parameters.ts";

/** What a class makes: `Model` of `typeof Model`. */
export type InstanceOf<C> = C extends abstract new (...args: never[]) => infer T ? T : never;

/**
 * A class of a deployed app, for programs that do not have its code.
 *
 * @example
 * const Model = Cls.fromName<typeof import("./app.ts").Model>("quickstart", "Model");
 * const label = await Model.instance({ modelId: "iris-b" }).inference.remote([5.1, 3.5, 1.4, 0.2]);
 */
export class Cls<C> {
  /** The name it was looked up by. */
  readonly name: string;
  #appName: string;
  #found: ReturnType<typeof lookUpOnce>;

  private constructor(appName: string, name: string) {
    this.name = name;
    this.#appName = appName;
    this.#found = lookUpOnce(appName, `${name}.*`);
  }

  /** The class of that name, looked up at its first call. @throws AppError NAME_INVALID */
  static fromName<C>(appName: string, name: string): Cls<C> {
    checkName("an app", appName);
    checkName("a class", name);
    return new Cls<C>(appName, name);
  }

  /** A handle on the containers of one set of parameters. */
  instance(parameters: ClassParameters<InstanceOf<C>> = {}): Instance<InstanceOf<C>> {
    const found = this.#found;
    const className = this.name;
    const appName = this.#appName;
    let bound: (() => Promise<string>) | undefined;
    const functionId = async () => {
      const { functionId, handleMetadata } = await found();
      bound ??= bindOnce(
        async () => functionId,
        encodeBinding(className, handleMetadata?.classParameterInfo, parameters),
      );
      return bound();
    };
    const url = async (name: string) =>
      withParameters(urlIn(`${className}.${name}`, await knownMethod(name)), parameters);
    const method = (name: string) => ({
      url: () => url(name),
      ...callable({
        name: `${className}.${name}`,
        resolve: async () => {
          const { supportedInputFormats } = await knownMethod(name);
          return { functionId: await functionId(), methodName: name, inputFormats: supportedInputFormats };
        },
        isGenerator: async () => {
          await functionId();
          return (await knownMethod(name)).functionType === Function_FunctionType.GENERATOR;
        },
      }),
    });
    const ofOldClient = new Map<string, ReturnType<typeof lookUpOnce>>();
    const knownMethod = async (name: string): Promise<FunctionHandleMetadata> => {
      const known = (await found()).handleMetadata?.methodHandleMetadata ?? {};
      if (known[name]) return known[name];
      const methods = Object.keys(known);
      if (methods.length === 0) {
        // Python clients of before 0.67 make a function of its own for each method.
        const look = ofOldClient.get(name) ?? lookUpOnce(appName, `${className}.${name}`);
        ofOldClient.set(name, look);
        return (await look()).handleMetadata ?? create(FunctionHandleMetadataSchema);
      }
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
