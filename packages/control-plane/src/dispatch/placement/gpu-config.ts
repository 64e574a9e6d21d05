import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { GPUConfigSchema, GPUType, type GPUConfig } from "@dorian/protocol/modal";

/**
 * A GPU as an upper-case type, whatever the age of the client. Undefined when none is asked for.
 *
 * @throws AppError FUNCTION_DEFINITION_INVALID
 */
export function normaliseGpu(gpu: GPUConfig | undefined): GPUConfig | undefined {
  if (!gpu) return undefined;
  const type = gpu.gpuType.toUpperCase() || typeNameOf(gpu);
  if (type === "") return undefined;
  if (!/^[A-Z0-9][A-Z0-9_-]{0,63}!?$/.test(type)) {
    throw new AppError("FUNCTION_DEFINITION_INVALID", `"${gpu.gpuType.slice(0, 100)}" is not a GPU type.`, {
      status: "INVALID_ARGUMENT",
      remedy: 'Ask for one by its model, such as "H100", or for "any".',
    });
  }
  return create(GPUConfigSchema, { gpuType: type, count: gpu.count || 1 });
}

const typeNames = new Map<GPUType, string>([
  [GPUType.GPU_TYPE_T4, "T4"],
  [GPUType.GPU_TYPE_A100, "A100"],
  [GPUType.GPU_TYPE_A10G, "A10G"],
  [GPUType.GPU_TYPE_ANY, "ANY"],
  [GPUType.GPU_TYPE_A100_20G, "A100-20GB"],
  [GPUType.GPU_TYPE_A100_40GB_MANY, "A100-40GB"],
  [GPUType.GPU_TYPE_A100_80GB, "A100-80GB"],
  [GPUType.GPU_TYPE_INFERENTIA2, "INFERENTIA2"],
  [GPUType.GPU_TYPE_L4, "L4"],
  [GPUType.GPU_TYPE_H100, "H100"],
  [GPUType.GPU_TYPE_L40S, "L40S"],
  [GPUType.GPU_TYPE_H200, "H200"],
]);

/** Clients of 2024 name the model by number, and the size of an A100 apart. */
function typeNameOf(gpu: GPUConfig): string {
  if (gpu.type === GPUType.GPU_TYPE_A100 && gpu.memory > 0) return `A100-${gpu.memory}GB`;
  return typeNames.get(gpu.type) ?? "";
}
