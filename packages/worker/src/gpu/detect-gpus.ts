import { unlessAbsent } from "@dorian/base/unless-absent";
import { readdir, readFile } from "node:fs/promises";

export interface DetectedGpu {
  /** Upper case model name as functions ask for it, e.g. "H100". */
  type: string;
  /** CDI name of the device, e.g. "nvidia.com/gpu=0". */
  device: string;
}

/** NVIDIA GPUs of this machine, as the kernel driver lists them. */
export async function detectGpus(directory = "/proc/driver/nvidia/gpus"): Promise<DetectedGpu[]> {
  const entries = (await unlessAbsent(readdir(directory))) ?? [];
  return Promise.all(
    entries.toSorted().map(async (entry, index) => {
      const information = await readFile(`${directory}/${entry}/information`, "utf8");
      const model = /^Model:\s*(.+)$/m.exec(information)?.[1]?.trim() ?? "";
      return { type: gpuTypeOf(model), device: `nvidia.com/gpu=${index}` };
    }),
  );
}

/**
 * The short name of a GPU model.
 *
 * @example
 * gpuTypeOf("NVIDIA A100-SXM4-80GB"); // "A100-80GB"
 */
export function gpuTypeOf(model: string): string {
  const name = model
    .replace(/^(NVIDIA|Tesla)\s+/i, "")
    .replace(/^(NVIDIA|Tesla)\s+/i, "")
    .toUpperCase();
  if (name.startsWith("A100")) return name.includes("80GB") ? "A100-80GB" : "A100";
  const known = /^(H100|H200|B200|L40S|L40|L4|A10G|A10|T4|V100)\b/.exec(name)?.[1];
  return known ?? name.replaceAll(/\s+/g, "-");
}
