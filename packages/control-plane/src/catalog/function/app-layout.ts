import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  AppLayoutSchema,
  type AppLayout,
  type Function as FunctionDefinition,
  type ObjectSchema,
} from "@dorian/protocol/modal";
import type { FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { classMethods, handleMetadata, type HandleSources } from "./handle-metadata.ts";
import { aliasedMethod } from "./method-alias.ts";
import type { ImageRegistry } from "../image/image-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import { metadataOf } from "../volume/volume.ts";
import type { VolumeRegistry } from "../volume/volume-registry.ts";
import type { App } from "../app/app.ts";

export interface LayoutSources extends HandleSources {
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
  const shown = { ...app, functionIds };
  const handles = { ...sources, apps: { get: () => shown } };
  const objects = new Map<string, LayoutObject>();
  for (const functionId of functionIds.values()) {
    objects.set(functionId, functionObject(handles, functions.require(functionId)));
  }
  for (const [tag, classId] of app.classIds) objects.set(classId, classObject(handles, shown, tag, classId));
  for (const { objectId } of options.extra?.objectDependencies ?? []) {
    if (!objects.has(objectId)) objects.set(objectId, dependencyObject(sources, objectId));
  }
  return create(AppLayoutSchema, {
    objects: [...objects.values()],
    functionIds: Object.fromEntries(functionIds),
    classIds: Object.fromEntries(app.classIds),
  });
}

/** An app's objects as clients before 0.70 ask for them. `unindexed`: also what its functions depend on, without tags. */
export function appObjects(
  sources: LayoutSources,
  app: App,
  options: { unindexed: boolean; onlyClassFunction: boolean },
): { tag: string; object: LayoutObject }[] {
  const { functions } = sources;
  const { objects, functionIds, classIds } = appLayout(sources, app, { unpublished: options.unindexed });
  const byId = new Map(objects.map((object) => [object.objectId, object]));
  const code = [...Object.entries(functionIds), ...Object.entries(classIds)]
    .filter(([, id]) => !options.onlyClassFunction || !isAlias(functions, id))
    .map(([tag, id]) => ({ tag, object: byId.get(id) ?? { objectId: id } }));
  const others = [...app.objectIds]
    .filter(([, id]) => isKnown(sources, id))
    .map(([tag, id]) => ({ tag, object: dependencyObject(sources, id) }));
  const items = [...code, ...others];
  if (!options.unindexed) return items;
  const dependencies = new Set(
    functions
      .ofApp(app.appId)
      .flatMap((record) => (record.definition ?? record.pending)?.objectDependencies ?? [])
      .map(({ objectId }) => objectId)
      .filter((objectId) => !byId.has(objectId) && isKnown(sources, objectId)),
  );
  const untagged = [...dependencies].map((id) => ({ tag: "", object: dependencyObject(sources, id) }));
  return [...items, ...untagged];
}

function isAlias(functions: FunctionRegistry, objectId: string): boolean {
  const record = functions.get(objectId);
  return record !== undefined && aliasedMethod(record) !== "";
}

/** False for what a function of an earlier version of the app depended on, and is gone since. */
function isKnown({ volumes, mounts }: LayoutSources, objectId: string): boolean {
  if (objectId.startsWith("vo-")) return volumes.get(objectId) !== undefined;
  if (objectId.startsWith("mo-")) return mounts.get(objectId) !== undefined;
  return true;
}

function functionObject(sources: HandleSources, record: FunctionRecord): LayoutObject {
  return {
    objectId: record.functionId,
    handleMetadataOneof: { case: "functionHandleMetadata", value: handleMetadata(sources, record) },
  };
}

function classObject(sources: HandleSources, app: App, tag: string, classId: string): LayoutObject {
  const classFunctionId = app.functionIds.get(`${tag}.*`);
  const methods = classMethods(sources, app, tag);
  const value =
    classFunctionId === undefined
      ? { methods }
      : {
          methods,
          classFunctionId,
          classFunctionMetadata: handleMetadata(sources, sources.functions.require(classFunctionId)),
        };
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
  return record ? functionObject(sources, record) : { objectId };
}
