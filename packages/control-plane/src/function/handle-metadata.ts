import { create } from "@bufbuild/protobuf";
import {
  DataFormat,
  FunctionHandleMetadataSchema,
  type Function as FunctionDefinition,
  type FunctionHandleMetadata,
  type MethodDefinition,
} from "@dorian/protocol/modal";
import type { FunctionRecord } from "./function-record.ts";

/** What callers of a function need to know of it. `definition`: the one that the metadata describes. */
export function handleMetadata(
  record: FunctionRecord,
  definition: FunctionDefinition | undefined,
  definitionId: string,
): FunctionHandleMetadata {
  const source = definition ?? record.precreated;
  const metadata = create(FunctionHandleMetadataSchema, {
    functionName: record.tag,
    useFunctionId: record.functionId,
    definitionId,
    appId: record.appId,
  });
  if (!source) return metadata;
  metadata.functionType = source.functionType;
  metadata.supportedInputFormats = source.supportedInputFormats;
  metadata.supportedOutputFormats = source.supportedOutputFormats;
  if (source.functionSchema) metadata.functionSchema = source.functionSchema;
  if (definition?.classParameterInfo) metadata.classParameterInfo = definition.classParameterInfo;
  if (definition?.isMethod) metadata.isMethod = true;
  for (const [name, method] of Object.entries(source.methodDefinitions)) {
    metadata.methodHandleMetadata[name] = methodMetadata(
      record,
      name,
      method,
      metadata.supportedInputFormats,
    );
  }
  return metadata;
}

function methodMetadata(
  record: FunctionRecord,
  name: string,
  method: MethodDefinition,
  formats: DataFormat[],
): FunctionHandleMetadata {
  const metadata = create(FunctionHandleMetadataSchema, {
    functionName: method.functionName || `${record.tag.replace(/\.\*$/, "")}.${name}`,
    functionType: method.functionType,
    isMethod: true,
    useFunctionId: record.functionId,
    useMethodName: name,
    appId: record.appId,
    supportedInputFormats: method.supportedInputFormats.length > 0 ? method.supportedInputFormats : formats,
    supportedOutputFormats:
      method.supportedOutputFormats.length > 0 ? method.supportedOutputFormats : formats,
  });
  if (method.functionSchema) metadata.functionSchema = method.functionSchema;
  return metadata;
}
