import { clone, create } from "@bufbuild/protobuf";
import {
  AutoscalerSettingsSchema,
  FunctionSchema$,
  ResourcesSchema,
  type AutoscalerSettings,
  type Function as FunctionDefinition,
  type FunctionOptions,
  type Resources,
} from "@dorian/protocol/modal";
import { normaliseGpu } from "../../dispatch/placement/gpu-config.ts";

/** The definition with the options of a bound variant applied: only what the options name changes. */
export function applyOptions(base: FunctionDefinition, options: FunctionOptions): FunctionDefinition {
  const definition = clone(FunctionSchema$, base);
  if (options.replaceSecretIds) definition.secretIds = options.secretIds;
  if (options.mountIds.length > 0) definition.mountIds = options.mountIds;
  if (options.replaceVolumeMounts) definition.volumeMounts = options.volumeMounts;
  if (options.replaceCloudBucketMounts) definition.cloudBucketMounts = options.cloudBucketMounts;
  if (options.resources) overrideResources(definition, options.resources);
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

/** Clients send the whole message with zeros in it for what the options say nothing about. */
function overrideResources(definition: FunctionDefinition, given: Resources): void {
  const merged = clone(ResourcesSchema, definition.resources ?? create(ResourcesSchema));
  merged.milliCpu = given.milliCpu || merged.milliCpu;
  merged.milliCpuMax = given.milliCpuMax || merged.milliCpuMax;
  merged.memoryMb = given.memoryMb || merged.memoryMb;
  merged.memoryMbMax = given.memoryMbMax || merged.memoryMbMax;
  merged.ephemeralDiskMb = given.ephemeralDiskMb || merged.ephemeralDiskMb;
  definition.resources = merged;
  const gpu = normaliseGpu(given.gpuConfig);
  if (!gpu) return;
  merged.gpuConfig = gpu;
  definition.ExperimentalTaskTemplates = [];
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
