import type { Function as FunctionDefinition } from "@dorian/protocol/modal";

/** How many containers a function has, and for how long. */
export interface ScalingSettings {
  min: number;
  /** Infinity when the function sets none: the workers' room is the limit then. */
  max: number;
  /** Idle containers kept beside the busy ones while there is work. */
  buffer: number;
  scaledownWindowMs: number;
  /** Inputs that a container works on at once, as a number to plan with. */
  targetConcurrency: number;
}

type Definition = Pick<
  FunctionDefinition,
  | "autoscalerSettings"
  | "warmPoolSize"
  | "concurrencyLimit"
  | "ExperimentalBufferContainers"
  | "taskIdleTimeoutSecs"
  | "targetConcurrentInputs"
  | "maxConcurrentInputs"
  | "batchMaxSize"
>;

const defaultScaledownSecs = 60;
const mostScaledownSecs = 7 * 24 * 3600;
/** Beyond what any worker has room for: decisions count containers, and clients send whatever fits in 32 bits. */
const mostContainers = 10_000;
/** Inputs that one container may plan with at once. */
const mostConcurrent = 10_000;

/** The newer message wins over its older duplicates, setting by setting. */
export function scalingSettingsOf(definition: Definition): ScalingSettings {
  const settings = definition.autoscalerSettings;
  const max = settings?.maxContainers ?? definition.concurrencyLimit;
  const min = Math.min(settings?.minContainers ?? definition.warmPoolSize, mostContainers);
  const buffer = settings?.bufferContainers ?? definition.ExperimentalBufferContainers;
  const scaledownSecs = settings?.scaledownWindow || definition.taskIdleTimeoutSecs || defaultScaledownSecs;
  const concurrency =
    settings?.targetConcurrency || definition.targetConcurrentInputs || definition.maxConcurrentInputs;
  return {
    min: max > 0 ? Math.min(min, max) : min,
    max: max > 0 ? max : Infinity,
    buffer: Math.min(buffer, mostContainers),
    scaledownWindowMs: Math.min(scaledownSecs, mostScaledownSecs) * 1000,
    targetConcurrency: Math.min(
      Math.max(1, concurrency) * Math.max(1, definition.batchMaxSize),
      mostConcurrent,
    ),
  };
}

const defaultTimeoutSecs = 300;
const maxTimeoutSecs = 24 * 3600;

/** Longest time that one delivery of an input may take. */
export function inputTimeoutMs(definition: Pick<FunctionDefinition, "timeoutSecs">): number {
  return Math.min(definition.timeoutSecs || defaultTimeoutSecs, maxTimeoutSecs) * 1000;
}

/** Longest time that a container's process may take until its first question for an input. */
export function startupTimeoutMs(
  definition: Pick<FunctionDefinition, "timeoutSecs" | "startupTimeoutSecs">,
): number {
  return definition.startupTimeoutSecs > 0
    ? Math.min(definition.startupTimeoutSecs, maxTimeoutSecs) * 1000
    : inputTimeoutMs(definition);
}
