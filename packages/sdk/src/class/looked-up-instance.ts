import { AppError } from "@dorian/base/app-error";
import { create } from "@bufbuild/protobuf";
import {
  ClassParameterInfo_ParameterSerializationFormat as Format,
  Function_FunctionType,
  FunctionHandleMetadataSchema,
  type FunctionHandleMetadata,
} from "@dorian/protocol/modal";
import { callable } from "../function/callable.ts";
import { functionPool, type FunctionPool } from "../function/function-pool.ts";
import { codeNotHere, lookUpOnce, type LookupOptions } from "../function/remote-function.ts";
import { bindOnce } from "../function/variant.ts";
import type { VariantOptions } from "../function/variant-options.ts";
import { addressOfAnother, requireAsDeployed, urlIn, withParameters } from "../web/web-url.ts";
import { encodeBinding } from "./parameters.ts";

/** A class that was looked up by name. */
export interface LookedUpClass {
  appName: string;
  className: string;
  lookup: LookupOptions;
  found: ReturnType<typeof lookUpOnce>;
}

/** A handle on an instance of a class whose code is not here: which methods it has the server knows. */
export function lookedUpInstance(
  of: LookedUpClass,
  parameters: Record<string, unknown>,
  options: VariantOptions,
): object {
  const { className, found } = of;
  let bound: (() => Promise<string>) | undefined;
  const binding = async () => {
    const info = (await found()).handleMetadata?.classParameterInfo;
    return {
      serializedParams: encodeBinding(className, info, parameters),
      isPickled: info?.format === Format.PARAM_SERIALIZATION_FORMAT_PICKLE,
    };
  };
  const functionId = async () => {
    const { serializedParams } = await binding();
    bound ??= bindOnce(async () => (await found()).functionId, { serializedParams, options });
    return bound();
  };
  const known = knownMethods(of);
  const method = (name: string) => ({
    local: () => {
      throw codeNotHere("method of a class");
    },
    async url() {
      requireAsDeployed(`${className}.${name}`, { options, version: of.lookup.version });
      const { serializedParams, isPickled } = await binding();
      // Requests cannot give them.
      if (isPickled && serializedParams) throw addressOfAnother(`${className} with arguments of __init__`);
      return withParameters(urlIn(`${className}.${name}`, await known(name)), parameters);
    },
    ...callable({
      name: `${className}.${name}`,
      resolve: async () => {
        const { supportedInputFormats } = await known(name);
        return { functionId: await functionId(), methodName: name, inputFormats: supportedInputFormats };
      },
      isGenerator: async () => {
        await functionId();
        return (await known(name)).functionType === Function_FunctionType.GENERATOR;
      },
    }),
  });
  const pool = functionPool(`Class "${className}"`, functionId);
  return new Proxy({} as object, {
    get(_, name) {
      if (typeof name !== "string" || name === "then") return undefined;
      if (!Object.hasOwn(pool, name)) return method(name);
      // The class may have a method of that name, too.
      const ofPool = pool[name as keyof FunctionPool] as (...args: unknown[]) => unknown;
      return Object.assign((...args: unknown[]) => ofPool(...args), method(name));
    },
  });
}

/** What is known of a class's methods, by name. */
function knownMethods({ appName, className, lookup, found }: LookedUpClass) {
  const ofOldClient = new Map<string, ReturnType<typeof lookUpOnce>>();
  return async (name: string): Promise<FunctionHandleMetadata> => {
    const known = (await found()).handleMetadata?.methodHandleMetadata ?? {};
    if (known[name]) return known[name];
    const methods = Object.keys(known);
    if (methods.length === 0) {
      // Python clients of before 0.67 make a function of its own for each method.
      const look = ofOldClient.get(name) ?? lookUpOnce(appName, `${className}.${name}`, lookup);
      ofOldClient.set(name, look);
      return (await look()).handleMetadata ?? create(FunctionHandleMetadataSchema);
    }
    throw new AppError("METHOD_NOT_FOUND", `Class ${className} has no method "${name}" that can be called.`, {
      status: "NOT_FOUND",
      remedy: `It has: ${methods.join(", ")}. A method needs @method() to be callable.`,
    });
  };
}
