import { clone, create } from "@bufbuild/protobuf";
import {
  AutoscalerSettingsSchema,
  FunctionSchema$,
  type AutoscalerSettings,
  type Function as FunctionDefinition,
  type FunctionOptions,
} from "@dorian/protocol/modal";
import { normaliseGpu } from "./definition.ts";

/** The definition with the options of a bound variant applied: only what the options name changes. */
export function applyOptions(base: FunctionDefinition, options: FunctionOptions): FunctionDefinition {
  const definition = clone(FunctionSchema$, base);
  if (options.replaceSecretIds) definition.secretIds = options.secretIds;
  if (options.mountIds.length > 0) definition.mountIds = options.mountIds;
  if (options.replaceVolumeMounts) definition.volumeMounts = options.volumeMounts;
  if (options.resources) {
    const gpu = normaliseGpu(options.resources.gpuConfig);
    definition.resources = { ...options.resources };
    if (gpu) definition.resources.gpuConfig = gpu;
    else delete definition.resources.gpuConfig;
  }
  if (options.retryPolicy) definition.retryPolicy = options.retryPolicy;
  if (options.timeoutSecs !== undefined) definition.timeoutSecs = options.timeoutSecs;
  if (options.batchMaxSize !== undefined) definition.batchMaxSize = options.batchMaxSize;
  if (options.batchLingerMs !== undefined) definition.batchLingerMs = options.batchLingerMs;
  // Before there was a target, its field number held the maximum.
  const maxInputs = options.maxConcurrentInputs ?? options.targetConcurrentInputs;
  if (maxInputs !== undefined) definition.maxConcurrentInputs = maxInputs;
  if (options.maxConcurrentInputs !== undefined && options.targetConcurrentInputs !== undefined) {
    definition.targetConcurrentInputs = options.targetConcurrentInputs;
  }
  definition.autoscalerSettings = mergeScheduling(definition.autoscalerSettings, {
    minContainers: options.warmPoolSize,
    maxContainers: options.concurrencyLimit,
    bufferContainers: options.bufferContainers,
    scaledownWindow: options.taskIdleTimeoutSecs,
  });
  return definition;
}

type Settings = { [K in keyof AutoscalerSettings]?: AutoscalerSettings[K] | undefined };

/** `over` wins where it says something. */
export function mergeScheduling(base: AutoscalerSettings | undefined, over: Settings): AutoscalerSettings {
  const said = Object.entries(over).filter(([key, value]) => value !== undefined && !key.startsWith("$"));
  return create(AutoscalerSettingsSchema, {
    ...base,
    ...(Object.fromEntries(said) as Settings),
  } as AutoscalerSettings);
}
