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

/** The newer message wins over its older duplicates, setting by setting. */
export function scalingSettingsOf(definition: Definition): ScalingSettings {
  const settings = definition.autoscalerSettings;
  const max = settings?.maxContainers ?? definition.concurrencyLimit;
  const min = settings?.minContainers ?? definition.warmPoolSize;
  return {
    min: max > 0 ? Math.min(min, max) : min,
    max: max > 0 ? max : Infinity,
    buffer: settings?.bufferContainers ?? definition.ExperimentalBufferContainers,
    scaledownWindowMs:
      (settings?.scaledownWindow || definition.taskIdleTimeoutSecs || defaultScaledownSecs) * 1000,
    targetConcurrency:
      Math.max(
        1,
        settings?.targetConcurrency || definition.targetConcurrentInputs || definition.maxConcurrentInputs,
      ) * Math.max(1, definition.batchMaxSize),
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
