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
