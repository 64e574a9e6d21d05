import { checkRange } from "../option/check-range.ts";
import { gpuRequest } from "../gpu.ts";
import { throwFaultsTogether } from "../option/faults-together.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { RunOptions } from "./step-options.ts";

/** What may be said of a function that runs while the image is built. */
export interface RunFunctionOptions extends RunOptions {
  /** What it is called with; at most 2 MiB, and a change of it builds the step anew. Default: none. */
  args?: unknown[];
  /** Longest time in seconds that it may take; 1 to 86,400, which is the default: downloads of weights take long. */
  timeout?: number;
  /** Cores to set aside. Default: 0.125. */
  cpu?: number;
  /** MiB to set aside. Default: 128. */
  memory?: number;
}

/**
 * Checks the options of a build function.
 *
 * @throws AppError OPTION_INVALID, those of volumes and GPUs, and OPTIONS_INVALID for several together
 */
export function checkRunFunctionOptions(owner: string, options: RunFunctionOptions): void {
  throwFaultsTogether(owner, checksOf(owner, options));
}

function* checksOf(owner: string, options: RunFunctionOptions): Generator<() => void> {
  yield () => checkTimeout(owner, options.timeout);
  yield () => checkRange(owner, "cpu", options.cpu, { low: 0.001, high: 1_000_000, whole: false });
  yield () => checkRange(owner, "memory", options.memory, { low: 1, high: 1_000_000, whole: false });
  yield () => void gpuRequest(options.gpu);
  yield () => checkVolumeMounts(owner, options.volumes ?? {});
}

/** Checks how long a build function may take. @throws AppError OPTION_INVALID */
export function checkTimeout(owner: string, timeout: number | undefined): void {
  checkRange(owner, "timeout", timeout, { low: 1, high: 86_400, whole: false });
}
