import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { FunctionHandleMetadataSchema } from "@dorian/protocol/modal";
import type { App } from "../app/app.ts";
import { titleOf } from "../app/app-registry.ts";
import { functionDataOf } from "./function-data.ts";
import type { FunctionRecord } from "./function-record.ts";
import { handleMetadata, type HandleSources } from "./handle-metadata.ts";
import { aliasedMethod, classFunctionTag } from "./method-alias.ts";

/** Gives the record that callers are to use for a function that was found. */
type Chosen = (found: FunctionRecord) => Promise<FunctionRecord>;

/**
 * What a lookup by name finds: a function or, under "Model.inference", a method of a class, for every layout of classes
 * in a form that can be called.
 *
 * @throws AppError FUNCTION_NOT_FOUND
 */
export async function lookedUp(
  sources: HandleSources,
  app: App,
  tag: string,
  choose: Chosen = async (found) => found,
) {
  const functionId = app.functionIds.get(tag);
  const found = functionId === undefined ? undefined : sources.functions.require(functionId);
  if (found && aliasedMethod(found) === "") {
    const record = await choose(found);
    const metadata = handleMetadata(sources, record, record.definition, record.definitionId);
    const { definition } = record;
    return {
      functionId: record.functionId,
      handleMetadata: metadata,
      ...(definition ? { function: functionDataOf(definition) } : {}),
    };
  }
  return (await methodLookedUp(sources, app, tag, choose)) ?? notFound(app, tag);
}

/** A method of a class's function: called by that function's id and its own name. */
async function methodLookedUp(sources: HandleSources, app: App, tag: string, choose: Chosen) {
  const classFunctionId = app.functionIds.get(classFunctionTag(tag) ?? "");
  if (classFunctionId === undefined) return undefined;
  const record = await choose(sources.functions.require(classFunctionId));
  const name = tag.slice(tag.lastIndexOf(".") + 1);
  const method = handleMetadata(sources, record).methodHandleMetadata[name];
  if (!method) return undefined;
  const metadata = create(FunctionHandleMetadataSchema, method);
  metadata.useFunctionId = record.functionId;
  return {
    functionId: record.functionId,
    handleMetadata: metadata,
    ...(record.definition ? { function: functionDataOf(record.definition) } : {}),
  };
}

function notFound(app: App, tag: string): never {
  if (app.classIds.has(tag)) {
    throw new AppError(
      "FUNCTION_IS_CLASS",
      `"${tag}" of the app ${titleOf(app)} is a class, not a function.`,
      {
        status: "NOT_FOUND",
        remedy: "Look it up as a class.",
      },
    );
  }
  const tags = [...app.functionIds.keys()].filter((each) => !each.endsWith(".*"));
  throw new AppError("FUNCTION_NOT_FOUND", `The app ${titleOf(app)} has no function "${tag}".`, {
    status: "NOT_FOUND",
    remedy: `It has: ${tags.join(", ") || "no functions"}.`,
  });
}
