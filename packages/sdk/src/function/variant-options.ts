import { AppError } from "@dorian/base/app-error";
import type { Batching } from "../batch/batch.ts";
import { checkBatching } from "../batch/check-batching.ts";
import { checkFunctionOptions, type FunctionOptions } from "./function-options.ts";

/** Options of a deployed function or class that `withOptions` may change. */
export interface VariantOptions extends Pick<
  FunctionOptions,
  | "cpu"
  | "memory"
  | "ephemeralDisk"
  | "volumes"
  | "secrets"
  | "env"
  | "timeout"
  | "retries"
  | "minContainers"
  | "maxContainers"
  | "bufferContainers"
  | "scaledownWindow"
  | "maxConcurrentInputs"
> {
  /** "any", a model ("H100"), or a model with a count ("H100:2"). Default: as deployed. */
  gpu?: string;
  /** How the inputs of a batched function, or method, are gathered; no other can be given it. Default: as deployed. */
  batched?: Batching;
  /** Inputs for each container that the autoscaler plans with; needs `maxConcurrentInputs` beside it, which is its default. */
  targetConcurrentInputs?: number;
}

const known: Record<keyof VariantOptions, true> = {
  gpu: true,
  cpu: true,
  memory: true,
  ephemeralDisk: true,
  volumes: true,
  secrets: true,
  env: true,
  timeout: true,
  retries: true,
  minContainers: true,
  maxContainers: true,
  bufferContainers: true,
  scaledownWindow: true,
  maxConcurrentInputs: true,
  targetConcurrentInputs: true,
  batched: true,
};

/**
 * Checks what a variant changes. `owner` names it in errors.
 *
 * @throws AppError OPTION_NOT_CHANGEABLE, OPTION_INVALID and the others of `checkFunctionOptions`
 */
export function checkVariantOptions(owner: string, options: VariantOptions): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new AppError("OPTION_NOT_CHANGEABLE", `withOptions() of ${owner} cannot change "${name}".`, {
      status: "INVALID_ARGUMENT",
      remedy: `It changes: ${Object.keys(known).join(", ")}. For anything else define another function or class.`,
    });
  }
  const { batched, ...rest } = options;
  if (options.targetConcurrentInputs !== undefined && options.maxConcurrentInputs === undefined) {
    throw new AppError(
      "OPTION_INVALID",
      `withOptions() of ${owner} has targetConcurrentInputs without maxConcurrentInputs.`,
      { status: "INVALID_ARGUMENT", remedy: "Give both: what was deployed is not known here." },
    );
  }
  checkFunctionOptions(owner, rest);
  checkBatching(owner, batched, { isGenerator: false, isScheduled: false });
}
