import {
  ClassParameterInfo_ParameterSerializationFormat as ParameterFormat,
  DataFormat,
  Function_FunctionType as FunctionType,
  type ClassParameterSpec,
} from "@dorian/protocol/modal";
import { parameterSpecs } from "@dorian/sdk/class/parameters";
import { isGeneratorFunction, type Registered } from "@dorian/sdk/class/registered";
import { webhookConfig } from "./webhook-config.ts";

type MethodInit = Pick<Identity, "functionName" | "functionType" | "webhookConfig">;

/** By what a function, or a class with its methods, is known before and after it is made. */
export interface Identity {
  functionName: string;
  functionType: FunctionType;
  isClass: boolean;
  methodDefinitionsSet: boolean;
  methodDefinitions?: Record<string, MethodInit>;
  webhookConfig?: ReturnType<typeof webhookConfig>;
  classParameterInfo?: { format: ParameterFormat; schema: ClassParameterSpec[] };
}

/** `tag`: what it is called in its app. */
export function identityOf(item: Registered, tag: string): Identity {
  if (item.kind === "function") {
    return {
      functionName: tag,
      functionType: item.isGenerator ? FunctionType.GENERATOR : FunctionType.FUNCTION,
      isClass: false,
      methodDefinitionsSet: false,
      ...(item.web ? { webhookConfig: webhookConfig(item.web) } : {}),
    };
  }
  const methods = item.marks.marks.filter(({ kind }) => kind === "method" || kind === "web");
  const specs = parameterSpecs(item.tag, item.target, item.marks);
  return {
    functionName: tag,
    functionType: FunctionType.FUNCTION,
    isClass: true,
    methodDefinitionsSet: true,
    methodDefinitions: Object.fromEntries(
      methods.map(({ name, web }) => {
        const run = (item.target.prototype as Record<string, unknown>)[name];
        const functionType = isGeneratorFunction(run) ? FunctionType.GENERATOR : FunctionType.FUNCTION;
        const formats = {
          supportedInputFormats: [DataFormat.CBOR],
          supportedOutputFormats: [DataFormat.CBOR],
        };
        const served = web ? { webhookConfig: webhookConfig(web) } : {};
        return [name, { functionName: `${item.tag}.${name}`, functionType, ...formats, ...served }];
      }),
    ),
    classParameterInfo: { format: ParameterFormat.PARAM_SERIALIZATION_FORMAT_PROTO, schema: specs },
  };
}
