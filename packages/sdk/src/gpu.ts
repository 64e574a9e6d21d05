import { AppError } from "@dorian/base/app-error";

export interface GpuRequest {
  /** Upper case model, or "ANY". */
  type: string;
  count: number;
}

/**
 * What a function asks for with `gpu`: a model, "any", or either with a count.
 *
 * @example
 * gpuRequest("h100:2"); // { type: "H100", count: 2 }
 * @throws AppError GPU_INVALID
 */
export function gpuRequest(gpu: string | undefined): GpuRequest | undefined {
  if (gpu === undefined) return undefined;
  const match = typeof gpu === "string" ? /^([A-Za-z0-9-]+)(?::([1-9]\d?))?$/.exec(gpu.trim()) : null;
  if (!match) {
    throw new AppError("GPU_INVALID", `${JSON.stringify(gpu)} does not name a GPU.`, {
      status: "INVALID_ARGUMENT",
      remedy: 'Write "any", a model such as "H100", or a model with a count such as "H100:2".',
    });
  }
  return { type: (match[1] as string).toUpperCase(), count: Number(match[2] ?? 1) };
}

/**
 * What a function may run on, the most wanted first; nothing where it asks for no GPU.
 *
 * @throws AppError GPU_INVALID
 */
export function gpuChoices(gpu: string | readonly string[] | undefined): GpuRequest[] {
  if (!Array.isArray(gpu)) {
    const only = gpuRequest(gpu as string | undefined);
    return only ? [only] : [];
  }
  if (gpu.length === 0) {
    throw new AppError("GPU_INVALID", "A list of GPUs is empty.", {
      status: "INVALID_ARGUMENT",
      remedy: 'Name GPUs, the most wanted first, such as ["H100", "A100-80GB"]; or leave it out.',
    });
  }
  return gpu.flatMap((choice: string) => gpuRequest(choice ?? "") ?? []);
}
