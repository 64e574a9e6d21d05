import { GPUType, type Function as FunctionDefinition, type GPUConfig } from "@dorian/protocol/modal";
import { askedRuntime } from "@dorian/protocol/convention/container-runtime";
import { gpuTypeName } from "./gpu-types.ts";

export interface GpuRequest {
  /** Name of a model, or "ANY". */
  type: string;
  count: number;
}

/** What one container of a function reserves on a worker. */
export interface ResourceRequest {
  milliCpu: number;
  memoryMb: number;
  gpu?: GpuRequest;
  /** What will do where there is no such GPU, the most wanted first. */
  otherGpus?: readonly GpuRequest[];
  /** What its containers must be run with. Default: what the worker takes. */
  runtime?: string;
}

/** What a function reserves that asks for nothing: the figures of the official service. */
const defaults = { milliCpu: 125, memoryMb: 128 };

const enumNames: Partial<Record<GPUType, string>> = {
  [GPUType.GPU_TYPE_T4]: "T4",
  [GPUType.GPU_TYPE_A100]: "A100-40GB",
  [GPUType.GPU_TYPE_A10G]: "A10G",
  [GPUType.GPU_TYPE_ANY]: "ANY",
  [GPUType.GPU_TYPE_A100_20G]: "A100-20GB",
  [GPUType.GPU_TYPE_A100_40GB_MANY]: "A100-40GB",
  [GPUType.GPU_TYPE_INFERENTIA2]: "INFERENTIA2",
  [GPUType.GPU_TYPE_A100_80GB]: "A100-80GB",
  [GPUType.GPU_TYPE_L4]: "L4",
  [GPUType.GPU_TYPE_H100]: "H100",
  [GPUType.GPU_TYPE_L40S]: "L40S",
  [GPUType.GPU_TYPE_H200]: "H200",
};

export function resourceRequestOf(
  definition: Pick<FunctionDefinition, "resources"> &
    Partial<Pick<FunctionDefinition, "ExperimentalTaskTemplates" | "runtime">>,
): ResourceRequest {
  const { resources, ExperimentalTaskTemplates: ranked = [] } = definition;
  const gpu = gpuRequestOf(resources?.gpuConfig);
  const others = ranked.slice(1).flatMap((choice) => gpuRequestOf(choice.resources?.gpuConfig) ?? []);
  const runtime = askedRuntime(definition);
  return {
    milliCpu: resources?.milliCpu || defaults.milliCpu,
    memoryMb: resources?.memoryMb || defaults.memoryMb,
    ...(gpu ? { gpu } : {}),
    ...(others.length > 0 ? { otherGpus: others } : {}),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

// Clients always send the message: an empty one asks for no GPU. Old ones name the model by number, new ones by name.
function gpuRequestOf(config: GPUConfig | undefined): GpuRequest | undefined {
  if (!config) return undefined;
  const type = config.gpuType === "" ? enumNames[config.type] : gpuTypeName(config.gpuType);
  return type === undefined ? undefined : { type, count: config.count || 1 };
}
