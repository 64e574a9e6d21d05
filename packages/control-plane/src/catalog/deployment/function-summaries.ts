import type { FunctionRegistry } from "../function/function-registry.ts";
import { gpuChoices } from "../function/gpu-choices.ts";
import type { App } from "../app/app.ts";

/** What is worth knowing of each function at a glance, by its id. */
export function functionSummaries(app: App, functions: FunctionRegistry) {
  const summaries: Record<string, object> = {};
  for (const functionId of app.functionIds.values()) {
    const definition = functions.get(functionId)?.definition;
    if (!definition) continue;
    const webhooks = [definition, ...Object.values(definition.methodDefinitions)].flatMap(
      ({ webhookConfig }) => webhookConfig ?? [],
    );
    summaries[functionId] = {
      gpuConfig: gpuChoices(definition),
      webFunction: webhooks.length > 0,
      ...(webhooks.length > 0
        ? { requiresProxyAuth: webhooks.every((webhook) => webhook.requiresProxyAuth) }
        : {}),
      ...(definition.schedule ? { schedule: definition.schedule } : {}),
      isSessioned: definition.isSessioned,
    };
  }
  return summaries;
}
