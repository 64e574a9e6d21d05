import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import type { ClassRegistry } from "../class/class-registry.ts";
import { notPublished } from "../function/function-catalog.ts";
import type { FunctionRecord } from "../function/function-record.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { App } from "../app/app.ts";
import type { AppContent, IdentifiedDefinition } from "../app/app-content.ts";

/** What a client names when it publishes. */
export interface NamedContent {
  functionIds: Record<string, string>;
  classIds: Record<string, string>;
  objectIds?: Record<string, string>;
  /** By function id; what was created last, for a function without one. */
  definitionIds: Record<string, string>;
  tags: Record<string, string>;
}

/**
 * The content that a client names, complete: every function with what was created for it last.
 *
 * @throws AppError FUNCTION_DEFINITION_SUPERSEDED, FUNCTION_OF_OTHER_APP, CLASS_NOT_FOUND
 */
export function contentOf(
  app: App,
  named: NamedContent,
  options: { functions: FunctionRegistry; classes: ClassRegistry },
): AppContent {
  const definitions = new Map<string, IdentifiedDefinition>();
  for (const [tag, functionId] of Object.entries(named.functionIds)) {
    const record = options.functions.require(functionId);
    if (record.appId !== app.appId || record.tag !== tag || record.baseFunctionId !== undefined) {
      throw new AppError("FUNCTION_OF_OTHER_APP", `${functionId} is not the function "${tag}" of this app.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Publish under the tags and with the ids that FunctionCreate was given.",
      });
    }
    definitions.set(functionId, newestDefinition(record, named.definitionIds[functionId] ?? ""));
  }
  for (const classId of Object.values(named.classIds)) options.classes.require(classId, app.appId);
  return {
    functionIds: new Map(Object.entries(named.functionIds)),
    classIds: new Map(Object.entries(named.classIds)),
    objectIds: new Map(Object.entries(named.objectIds ?? {})),
    definitions,
    tags: { ...app.tags, ...named.tags },
  };
}

/** What the app runs at this moment. */
export function liveContent(app: App, functions: FunctionRegistry): AppContent {
  const definitions = [...app.functionIds.values()].map((functionId): [string, IdentifiedDefinition] => {
    const { definition, definitionId } = functions.require(functionId);
    return [functionId, { definitionId, definition: must(definition, `the definition of ${functionId}`) }];
  });
  const { functionIds, classIds, objectIds, tags } = app;
  return { functionIds, classIds, objectIds, definitions: new Map(definitions), tags };
}

function newestDefinition(record: FunctionRecord, definitionId: string): IdentifiedDefinition {
  const isKnown =
    definitionId === "" || definitionId === record.pendingId || definitionId === record.definitionId;
  if (!isKnown) {
    throw new AppError(
      "FUNCTION_DEFINITION_SUPERSEDED",
      `Somebody else has redefined "${record.tag}" while this was being deployed.`,
      { status: "ABORTED", remedy: "Deploy again." },
    );
  }
  const isLive = definitionId !== "" && definitionId === record.definitionId;
  if (record.pending && !isLive) return { definitionId: record.pendingId, definition: record.pending };
  if (record.definition) return { definitionId: record.definitionId, definition: record.definition };
  throw notPublished(record);
}
