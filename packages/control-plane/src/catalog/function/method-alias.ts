import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { FunctionRecord } from "./function-record.ts";

/**
 * True for what clients from 0.63 to 0.66 create for each method of a class: a name for a method of the class's
 * function, with nothing of its own to run.
 */
export function isMethodAlias(
  definition: Pick<FunctionDefinition, "isMethod" | "useMethodName"> | undefined,
): boolean {
  return definition?.isMethod === true && definition.useMethodName !== "";
}

/** The method that an alias stands for, also before it has a definition; empty for every other function. */
export function aliasedMethod(record: FunctionRecord): string {
  const definition = record.definition ?? record.pending;
  if (definition) return isMethodAlias(definition) ? definition.useMethodName : "";
  return record.precreated?.useMethodName ?? "";
}

/** "Model.inference" → "Model.*"; undefined for what is no method. */
export function classFunctionTag(tag: string): string | undefined {
  const dot = tag.lastIndexOf(".");
  return dot > 0 ? `${tag.slice(0, dot)}.*` : undefined;
}
