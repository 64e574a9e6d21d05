import { create } from "@bufbuild/protobuf";
import {
  ClassMethodSchema,
  FunctionHandleMetadataSchema,
  type ClassMethod,
  type DataFormat,
  type Function as FunctionDefinition,
  type FunctionHandleMetadata,
  type MethodDefinition,
} from "@dorian/protocol/modal";
import type { AppRegistry } from "../app/app-registry.ts";
import type { App } from "../app/app.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";
import type { FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { aliasedMethod, classFunctionTag } from "./method-alias.ts";
import { methodTag } from "./web-allocation.ts";

export interface HandleSources {
  apps: Pick<AppRegistry, "get">;
  functions: FunctionRegistry;
  web: Pick<WebAddresses, "urlOf">;
}

/** What callers of a function need to know of it. `definition`: the one that the metadata describes. */
export function handleMetadata(
  sources: HandleSources,
  record: FunctionRecord,
  definition: FunctionDefinition | undefined = record.definition ?? record.pending,
  definitionId: string = record.definitionId || record.pendingId,
): FunctionHandleMetadata {
  const { functions, web } = sources;
  const source = definition ?? record.precreated;
  const method = aliasedMethod(record);
  const metadata = create(FunctionHandleMetadataSchema, {
    functionName: record.tag,
    useFunctionId: method === "" ? record.functionId : (classFunctionOf(functions, record)?.functionId ?? ""),
    useMethodName: method,
    isMethod: method !== "" || definition?.isMethod === true,
    definitionId,
    appId: record.appId,
  });
  if (!source) return metadata;
  metadata.functionType = source.functionType;
  metadata.supportedInputFormats = source.supportedInputFormats;
  metadata.supportedOutputFormats = source.supportedOutputFormats;
  if (source.webhookConfig) metadata.webUrl = web.urlOf(record.appId, record.tag) ?? "";
  if (source.functionSchema) metadata.functionSchema = source.functionSchema;
  if (definition?.classParameterInfo) metadata.classParameterInfo = definition.classParameterInfo;
  const formats = metadata.supportedInputFormats;
  for (const [name, each] of Object.entries(source.methodDefinitions)) {
    metadata.methodHandleMetadata[name] = methodMetadata(sources, record, name, each, formats);
  }
  if (definition?.isClass) {
    for (const alias of publishedAliases(sources, record)) {
      const described = handleMetadata(sources, alias);
      described.useFunctionId = record.functionId;
      metadata.methodHandleMetadata[described.useMethodName] ??= described;
    }
  }
  return metadata;
}

/** The methods of a class by its tag, in the form for clients that find them in the class: those before 0.67. */
export function classMethods(sources: HandleSources, app: App, tag: string): ClassMethod[] {
  const { functions } = sources;
  const classFunctionId = app.functionIds.get(`${tag}.*`);
  if (classFunctionId !== undefined) {
    const { methodHandleMetadata } = handleMetadata(sources, functions.require(classFunctionId));
    return Object.entries(methodHandleMetadata).map(([name, metadata]) =>
      create(ClassMethodSchema, {
        functionName: name,
        functionId: app.functionIds.get(`${tag}.${name}`) ?? classFunctionId,
        functionHandleMetadata: metadata,
      }),
    );
  }
  // Before 0.63 every method is a function of its own.
  return [...app.functionIds]
    .filter(([each]) => each.startsWith(`${tag}.`))
    .map(([each, functionId]) =>
      create(ClassMethodSchema, {
        functionName: each.slice(tag.length + 1),
        functionId,
        functionHandleMetadata: handleMetadata(sources, functions.require(functionId)),
      }),
    );
}

/** The function that runs the method which an alias, or a method's tag, stands for. */
export function classFunctionOf(
  functions: FunctionRegistry,
  record: Pick<FunctionRecord, "appId" | "tag">,
): FunctionRecord | undefined {
  const tag = classFunctionTag(record.tag);
  return tag === undefined ? undefined : functions.byTag(record.appId, tag);
}

function publishedAliases({ apps, functions }: HandleSources, record: FunctionRecord): FunctionRecord[] {
  const app = apps.get(record.appId);
  const prefix = record.tag.replace(/\*$/, "");
  if (!app) return [];
  return [...app.functionIds]
    .filter(([tag]) => tag.startsWith(prefix) && tag !== record.tag)
    .map(([, functionId]) => functions.require(functionId))
    .filter((each) => aliasedMethod(each) !== "");
}

function methodMetadata(
  sources: HandleSources,
  record: FunctionRecord,
  name: string,
  method: MethodDefinition,
  formats: DataFormat[],
): FunctionHandleMetadata {
  const functionName = methodTag(record.tag, name, method);
  const metadata = create(FunctionHandleMetadataSchema, {
    functionName,
    functionType: method.functionType,
    isMethod: true,
    useFunctionId: record.functionId,
    useMethodName: name,
    appId: record.appId,
    supportedInputFormats: method.supportedInputFormats.length > 0 ? method.supportedInputFormats : formats,
    supportedOutputFormats:
      method.supportedOutputFormats.length > 0 ? method.supportedOutputFormats : formats,
  });
  if (method.webhookConfig) metadata.webUrl = sources.web.urlOf(record.appId, functionName) ?? "";
  if (method.functionSchema) metadata.functionSchema = method.functionSchema;
  return metadata;
}
