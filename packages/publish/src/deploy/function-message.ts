import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { DataFormat, Function_DefinitionType, FunctionSchema$ } from "@dorian/protocol/modal";
import type { Batching } from "@dorian/sdk";
import type { FunctionOptions } from "@dorian/sdk/function/function-options";
import { retryMessage } from "@dorian/sdk/function/retry-policy";
import { gpuChoices, type GpuRequest } from "@dorian/sdk/gpu";
import type { ResolvedVolumeMount } from "./resolve-volumes.ts";

export type FunctionInit = Exclude<MessageInitShape<typeof FunctionSchema$>, Message>;

const defaults = { timeout: 300, buildTimeout: 86_400, scaledownWindow: 60 };

export interface FunctionParts {
  options: FunctionOptions;
  imageId: string;
  mountIds: string[];
  secretIds: string[];
  volumeMounts: ResolvedVolumeMount[];
  entrypoint: { modulePath: string; objectTag: string };
}

/** What functions, classes and build functions have in common on the wire. */
export function functionMessage({
  options,
  imageId,
  mountIds,
  secretIds,
  volumeMounts,
  entrypoint,
}: FunctionParts): FunctionInit {
  const cpu = range(options.cpu, 0.125);
  const memory = range(options.memory, 128);
  const gpus = gpuChoices(options.gpu);
  const resourcesWith = (gpu: GpuRequest | undefined) => ({
    milliCpu: Math.round(cpu.request * 1000),
    milliCpuMax: Math.round((cpu.limit ?? 0) * 1000),
    memoryMb: Math.round(memory.request),
    memoryMbMax: Math.round(memory.limit ?? 0),
    ephemeralDiskMb: options.ephemeralDisk ?? 0,
    gpuConfig: gpu ? { gpuType: gpu.type, count: gpu.count } : {},
  });
  const timeout = options.timeout ?? defaults.timeout;
  const retryPolicy = retryMessage(options.retries ?? 0);
  const { maxConcurrentInputs = 1, targetConcurrentInputs = maxConcurrentInputs } = options;
  return {
    imageId,
    mountIds,
    secretIds,
    volumeMounts,
    nodeEntrypoint: entrypoint,
    definitionType: Function_DefinitionType.FILE,
    resources: resourcesWith(gpus[0]),
    ...(gpus.length > 1
      ? { ExperimentalTaskTemplates: gpus.map((gpu, rank) => ({ rank, resources: resourcesWith(gpu) })) }
      : {}),
    timeoutSecs: Math.ceil(timeout),
    startupTimeoutSecs: Math.ceil(options.startupTimeout ?? timeout),
    ...(retryPolicy.retries === 0 ? {} : { retryPolicy }),
    autoscalerSettings: {
      minContainers: options.minContainers ?? 0,
      ...(options.maxContainers === undefined ? {} : { maxContainers: options.maxContainers }),
      bufferContainers: options.bufferContainers ?? 0,
      scaledownWindow: Math.round(options.scaledownWindow ?? defaults.scaledownWindow),
    },
    maxConcurrentInputs,
    targetConcurrentInputs,
    blockNetwork: options.blockNetwork ?? false,
    checkpointingEnabled: options.enableMemorySnapshot ?? false,
    readOnlyRoot: options.readOnlyRoot ?? false,
    runtime: options.runtime ?? "",
    untrusted: options.restrictModalAccess ?? false,
    ...(options.failFast ? { experimentalOptions: { fail_fast: "true" } } : {}),
    supportedInputFormats: [DataFormat.CBOR],
    supportedOutputFormats: [DataFormat.CBOR],
  };
}

/** How the inputs of a function are gathered into batches. */
export function batchingMessage({ maxBatchSize, waitMs }: Batching): FunctionInit {
  return { batchMaxSize: maxBatchSize, batchLingerMs: BigInt(waitMs) };
}

/** A build function's: it may take as long as a download takes, and runs once. */
export function buildFunctionMessage(parts: FunctionParts): FunctionInit {
  const timeout = parts.options.timeout ?? defaults.buildTimeout;
  return {
    ...functionMessage({ ...parts, options: { ...parts.options, timeout, startupTimeout: timeout } }),
    isBuilderFunction: true,
  };
}

function range(
  value: number | { request: number; limit: number } | undefined,
  fallback: number,
): { request: number; limit?: number } {
  if (typeof value === "object") return value;
  return { request: value ?? fallback };
}
