import type { Function as FunctionDefinition, GPUConfig } from "@dorian/protocol/modal";

/** The GPUs that a function may run on, the most wanted first; empty when it asks for none. */
export function gpuChoices(
  definition: Pick<FunctionDefinition, "resources" | "ExperimentalTaskTemplates">,
): GPUConfig[] {
  const ranked = definition.ExperimentalTaskTemplates.flatMap(({ resources }) => resources?.gpuConfig ?? []);
  if (ranked.length > 0) return ranked;
  return definition.resources?.gpuConfig ? [definition.resources.gpuConfig] : [];
}
