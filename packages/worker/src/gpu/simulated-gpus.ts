import type { DetectedGpu } from "./detect-gpus.ts";

const prefix = "simulated=";

/** GPUs that exist in the books alone, so that functions which ask for one run without it. */
export function simulatedGpus(count: number): DetectedGpu[] {
  return Array.from({ length: count }, (_, index) => ({ type: "SIMULATED", device: `${prefix}${index}` }));
}

/** True for a device that containers cannot be given. */
export function isSimulated(device: string): boolean {
  return device.startsWith(prefix);
}
