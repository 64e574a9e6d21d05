import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  AppLayoutSchema,
  type AppLayout,
  type Function as FunctionDefinition,
  type ObjectSchema,
} from "@dorian/protocol/modal";
import type { FunctionRecord } from "../function/function-record.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import { handleMetadata } from "../function/handle-metadata.ts";
import type { ImageRegistry } from "../image/image-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import { metadataOf } from "../volume/volume-handlers.ts";
import type { VolumeRegistry } from "../volume/volume-registry.ts";
import type { App } from "./app.ts";

export interface LayoutSources {
  functions: FunctionRegistry;
  images: ImageRegistry;
  mounts: MountStore;
  volumes: VolumeRegistry;
}

type LayoutObject = MessageInitShape<typeof ObjectSchema>;

/**
 * An app's objects by tag. `unpublished`: also what the next publish will name, for build functions, which run before.
 * `extra`: a function whose dependencies its container looks up.
 */
export function appLayout(
  sources: LayoutSources,
  app: App,
  options: { unpublished: boolean; extra?: FunctionDefinition },
): AppLayout {
  const { functions } = sources;
  const functionIds = new Map(app.functionIds);
  if (options.unpublished) {
    for (const record of functions.ofApp(app.appId)) {
      const isTagged = !record.isBuilder && record.baseFunctionId === undefined;
      if (isTagged && !functionIds.has(record.tag)) functionIds.set(record.tag, record.functionId);
    }
  }
  const objects = new Map<string, LayoutObject>();
  for (const functionId of functionIds.values()) {
    objects.set(functionId, functionObject(functions.require(functionId)));
  }
  for (const [tag, classId] of app.classIds) {
    const classFunctionId = functionIds.get(`${tag}.*`);
    objects.set(classId, classObject(classId, classFunctionId && functions.require(classFunctionId)));
  }
  for (const { objectId } of options.extra?.objectDependencies ?? []) {
    if (!objects.has(objectId)) objects.set(objectId, dependencyObject(sources, objectId));
  }
  return create(AppLayoutSchema, {
    objects: [...objects.values()],
    functionIds: Object.fromEntries(functionIds),
    classIds: Object.fromEntries(app.classIds),
  });
}

function functionObject(record: FunctionRecord): LayoutObject {
  const definition = record.definition ?? record.pending;
  const metadata = handleMetadata(record, definition, record.definitionId || record.pendingId);
  return {
    objectId: record.functionId,
    handleMetadataOneof: { case: "functionHandleMetadata", value: metadata },
  };
}

function classObject(classId: string, record: FunctionRecord | "" | undefined): LayoutObject {
  const value = record
    ? {
        classFunctionId: record.functionId,
        classFunctionMetadata: handleMetadata(record, record.definition, record.definitionId),
      }
    : {};
  return { objectId: classId, handleMetadataOneof: { case: "classHandleMetadata", value } };
}

function dependencyObject(sources: LayoutSources, objectId: string): LayoutObject {
  if (objectId.startsWith("vo-")) {
    const value = metadataOf(sources.volumes.require(objectId));
    return { objectId, handleMetadataOneof: { case: "volumeMetadata", value } };
  }
  if (objectId.startsWith("mo-")) {
    const value = { contentChecksumSha256Hex: sources.mounts.require(objectId).checksum };
    return { objectId, handleMetadataOneof: { case: "mountHandleMetadata", value } };
  }
  const record = objectId.startsWith("fu-") ? sources.functions.get(objectId) : undefined;
  return record ? functionObject(record) : { objectId };
}
