import { AppError } from "@dorian/base/app-error";
import type { CloudBucketMount } from "../bucket/cloud-bucket-mount.ts";
import type { Image } from "../image/image.ts";
import type { Secret } from "../secret/secret.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { Volume } from "../volume/volume.ts";
import { checkRange } from "../option/check-range.ts";
import { throwFaultsTogether } from "../option/faults-together.ts";
import { retryChecks, type RetryPolicy } from "./retry-policy.ts";
import { gpuChoices } from "../gpu.ts";

/** Options that functions and classes share. Times are in seconds, memory in MiB. */
export interface FunctionOptions {
  /** Default: the app's, or `Image.debianSlim()`. */
  image?: Image;
  /**
   * "any", a model ("H100"), or a model with a count ("H100:2"). A list is choices, the most wanted first; build methods use its
   * first. Default: none.
   */
  gpu?: string | readonly string[];
  /** Cores: what to set aside, or that and the most to allow. Default 0.125. */
  cpu?: number | { request: number; limit: number };
  /** MiB: what to set aside, or that and the most to allow. Default 128. */
  memory?: number | { request: number; limit: number };
  /** By mount path, which is absolute. Default: the app's. */
  volumes?: Record<string, Volume | CloudBucketMount>;
  /** Environment variables that stay out of images and logs, added to the app's. Default: none. */
  secrets?: Secret[];
  /** Environment variables; default: none but the image's. */
  env?: Record<string, string>;
  /** Longest time in seconds for one input; default 300, at most 86,400. */
  timeout?: number;
  /** Longest time in seconds from a container's start until it takes inputs; default `timeout`. */
  startupTimeout?: number;
  /** How often a failed input is tried again, at most 10; default 0. */
  retries?: number | RetryPolicy;
  /** Containers kept even when it is quiet; default 0. */
  minContainers?: number;
  /** Containers at the same time, at most; default: as many as fit on the workers. */
  maxContainers?: number;
  /** Idle containers kept beside the busy ones; default 0. */
  bufferContainers?: number;
  /** Seconds that an idle container is kept; 2 to 1200, default 60. */
  scaledownWindow?: number;
  /** Inputs that one container works on at the same time, at most; default 1. */
  maxConcurrentInputs?: number;
  /** Inputs for each container that the autoscaler plans with: more come only while inputs wait. Default `maxConcurrentInputs`. */
  targetConcurrentInputs?: number;
  /** No network at all; default false. */
  blockNetwork?: boolean;
  /** MiB that a container may write outside of volumes; default: what the operator of the worker says. */
  ephemeralDisk?: number;
  /** Nothing can be written but to `/tmp` and `/run`, which are in memory, and to volumes. Build functions write all the same. Default false. */
  readOnlyRoot?: boolean;
  /**
   * What its containers are run with: `runsc` (gVisor) keeps code of strangers from the machine's kernel. Such a function
   * waits for a worker that has it. Default: what the worker's operator chose.
   */
  runtime?: "runc" | "runsc";
  /**
   * For code that is not trusted: its containers get their inputs and give their outputs, use the volumes they mount, and
   * get at nothing else of the server's. Such code usually wants `blockNetwork` as well. Default false.
   */
  restrictModalAccess?: boolean;
  /**
   * Of a deployed app: memory of the first container is written when its modules are imported and its `@enter({ snap: true })` hooks are
   * through, and later containers are brought back from it. Default false.
   */
  enableMemorySnapshot?: boolean;
  /** Calls fail, with the reason, while no worker could ever run it. Default: they wait for one that can. */
  failFast?: boolean;
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
  targetConcurrentInputs: true,
  blockNetwork: true,
  ephemeralDisk: true,
  readOnlyRoot: true,
  runtime: true,
  restrictModalAccess: true,
  failFast: true,
  enableMemorySnapshot: true,
};

/**
 * Checks the options of a function or class. `owner` names it in errors.
 *
 * @throws AppError OPTION_UNKNOWN, OPTION_INVALID, those of volumes and GPUs, and OPTIONS_INVALID for several together
 */
export function checkFunctionOptions(
  owner: string,
  options: FunctionOptions,
  alsoKnown: string[] = [],
): void {
  throwFaultsTogether(owner, checksOf(owner, options, alsoKnown));
}

function* checksOf(owner: string, options: FunctionOptions, alsoKnown: string[]): Generator<() => void> {
  for (const name of Object.keys(options)) yield () => checkKnown(owner, name, alsoKnown);
  for (const [name, least] of [
    ["cpu", 0.001],
    ["memory", 1],
  ] as const) {
    const value = options[name];
    const { request, limit } =
      typeof value === "object" && value !== null ? value : { request: value, limit: undefined };
    yield () => checkRange(owner, name, request, { low: least, high: 1_000_000, whole: false });
    yield () => checkRange(owner, name, limit, { low: request ?? least, high: 1_000_000, whole: false });
  }
  const { minContainers } = options;
  for (const [name, value, low, high, whole = true] of [
    ["timeout", options.timeout, 1, 86_400, false],
    ["startupTimeout", options.startupTimeout, 1, 86_400, false],
    ["minContainers", minContainers, 0, 4000],
    ["maxContainers", options.maxContainers, Math.max(1, minContainers ?? 0), 4000],
    ["bufferContainers", options.bufferContainers, 0, 4000],
    ["scaledownWindow", options.scaledownWindow, 2, 1200, false],
    ["ephemeralDisk", options.ephemeralDisk, 1, 100_000_000],
    ["maxConcurrentInputs", options.maxConcurrentInputs, 1, 1000],
    ["targetConcurrentInputs", options.targetConcurrentInputs, 1, options.maxConcurrentInputs ?? 1],
  ] as const)
    yield () => checkRange(owner, name, value, { low, high, whole });
  yield* retryChecks(owner, options.retries);
  yield () => checkRuntime(owner, options);
  yield () => void gpuChoices(options.gpu);
  yield () => checkVolumeMounts(owner, options.volumes ?? {});
}

function checkKnown(owner: string, name: string, alsoKnown: string[]): void {
  if (Object.hasOwn(known, name) || alsoKnown.includes(name)) return;
  throw new AppError("OPTION_UNKNOWN", `${owner} has no option "${name}".`, {
    status: "INVALID_ARGUMENT",
    remedy: `Known options: ${[...alsoKnown, ...Object.keys(known)].join(", ")}.`,
  });
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
