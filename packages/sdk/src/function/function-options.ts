import { AppError } from "@dorian/base/app-error";
import type { Image } from "../image/image.ts";
import type { Secret } from "../secret/secret.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { Volume } from "../volume/volume.ts";
import { gpuRequest } from "./gpu.ts";

/** Options that functions and classes share. Times are in seconds, memory in MiB. */
export interface FunctionOptions {
  image?: Image;
  /** "any", a model ("H100"), or a model with a count ("H100:2"). */
  gpu?: string;
  /** Cores: what to set aside, or that and the most to allow. Default 0.125. */
  cpu?: number | { request: number; limit: number };
  /** MiB: what to set aside, or that and the most to allow. Default 128. */
  memory?: number | { request: number; limit: number };
  /** By mount path. */
  volumes?: Record<string, Volume>;
  secrets?: Secret[];
  env?: Record<string, string>;
  /** Longest time for one input; default 300 s, at most 24 h. */
  timeout?: number;
  /** Longest time from a container's start until it takes inputs; default `timeout`. */
  startupTimeout?: number;
  /** How often a failed input is tried again. */
  retries?: number | RetryPolicy;
  /** Containers kept even when it is quiet. */
  minContainers?: number;
  maxContainers?: number;
  /** Idle containers kept beside the busy ones. */
  bufferContainers?: number;
  /** How long an idle container is kept; 2 to 1200 s, default 60. */
  scaledownWindow?: number;
  /** Inputs that one container works on at the same time; default 1. */
  maxConcurrentInputs?: number;
  /** No network at all. */
  blockNetwork?: boolean;
  /** MiB that a container may write outside of volumes; default: what the operator of the worker says. */
  ephemeralDisk?: number;
  /** Nothing can be written but to `/tmp` and `/run`, which are in memory, and to volumes. Build functions write all the same. */
  readOnlyRoot?: boolean;
  /**
   * What its containers are run with: `runsc` (gVisor) keeps code of strangers from the machine's kernel. Such a function
   * waits for a worker that has it. Default: what the worker's operator chose.
   */
  runtime?: "runc" | "runsc";
  /**
   * For code that is not trusted: its containers get their inputs and give their outputs, use the volumes they mount, and
   * get at nothing else of the server's. Such code usually wants `blockNetwork` as well.
   */
  restrictModalAccess?: boolean;
  /** Calls fail, with the reason, while no worker could ever run it. Default: they wait for one that can. */
  failFast?: boolean;
}

export interface RetryPolicy {
  maxRetries: number;
  /** Seconds; default 1. */
  initialDelay?: number;
  /** Seconds; default 60. */
  maxDelay?: number;
  /** Factor from one delay to the next; default 2. */
  backoffCoefficient?: number;
}

const known: Record<keyof FunctionOptions, true> = {
  image: true,
  gpu: true,
  cpu: true,
  memory: true,
  volumes: true,
  secrets: true,
  env: true,
  timeout: true,
  startupTimeout: true,
  retries: true,
  minContainers: true,
  maxContainers: true,
  bufferContainers: true,
  scaledownWindow: true,
  maxConcurrentInputs: true,
  blockNetwork: true,
  ephemeralDisk: true,
  readOnlyRoot: true,
  runtime: true,
  restrictModalAccess: true,
  failFast: true,
};

/**
 * Checks the options of a function or class. `owner` names it in errors.
 *
 * @throws AppError OPTION_UNKNOWN, OPTION_INVALID and those of volumes and GPUs
 */
export function checkFunctionOptions(
  owner: string,
  options: FunctionOptions,
  alsoKnown: string[] = [],
): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name) && !alsoKnown.includes(name)) {
      throw new AppError("OPTION_UNKNOWN", `${owner} has no option "${name}".`, {
        status: "INVALID_ARGUMENT",
        remedy: `Known options: ${[...alsoKnown, ...Object.keys(known)].join(", ")}.`,
      });
    }
  }
  const range = (
    name: keyof FunctionOptions,
    value: number | undefined,
    low: number,
    high: number,
    whole = true,
  ) => {
    // Plain JavaScript may pass anything.
    const isNumber = typeof value === "number" && (!whole || Number.isInteger(value));
    if (value === undefined || (isNumber && value >= low && value <= high)) return;
    const shown = typeof value === "number" ? String(value) : JSON.stringify(value);
    throw new AppError("OPTION_INVALID", `${owner} has ${name}: ${shown}.`, {
      status: "INVALID_ARGUMENT",
      remedy: `It must be ${whole ? "a whole number" : "a number"} from ${low} to ${high}.`,
    });
  };
  for (const [name, least] of [
    ["cpu", 0.001],
    ["memory", 1],
  ] as const) {
    const value = options[name];
    const { request, limit } =
      typeof value === "object" && value !== null ? value : { request: value, limit: undefined };
    range(name, request, least, 1_000_000, false);
    range(name, limit, request ?? least, 1_000_000, false);
  }
  range("timeout", options.timeout, 1, 86_400, false);
  range("startupTimeout", options.startupTimeout, 1, 86_400, false);
  range("retries", typeof options.retries === "object" ? options.retries.maxRetries : options.retries, 0, 10);
  range("minContainers", options.minContainers, 0, 4000);
  range("maxContainers", options.maxContainers, Math.max(1, options.minContainers ?? 0), 4000);
  range("bufferContainers", options.bufferContainers, 0, 4000);
  range("scaledownWindow", options.scaledownWindow, 2, 1200, false);
  range("ephemeralDisk", options.ephemeralDisk, 1, 100_000_000);
  range("maxConcurrentInputs", options.maxConcurrentInputs, 1, 1000);
  checkRuntime(owner, options);
  gpuRequest(options.gpu);
  checkVolumeMounts(owner, options.volumes ?? {});
}

function checkRuntime(owner: string, { runtime, gpu }: FunctionOptions): void {
  // Plain JavaScript may pass anything.
  if (runtime !== undefined && !["runc", "runsc"].includes(runtime)) {
    throw new AppError("OPTION_INVALID", `${owner} has runtime: ${JSON.stringify(runtime)}.`, {
      status: "INVALID_ARGUMENT",
      remedy: 'It must be "runc" or "runsc".',
    });
  }
  if (runtime === "runsc" && gpu !== undefined) {
    throw new AppError("OPTION_INVALID", `${owner} has runtime: "runsc" and asks for a GPU.`, {
      status: "INVALID_ARGUMENT",
      remedy: "A container in gVisor gets no GPU: leave one of the two out.",
    });
  }
}
