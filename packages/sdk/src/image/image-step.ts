import type { AnyFunction } from "../any-function.ts";
import { gpuRequest, type GpuRequest } from "../gpu.ts";
import { Secret } from "../secret/secret.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { Volume } from "../volume/volume.ts";
import type { LocalSource } from "./local-source.ts";
import type { RunFunctionOptions } from "./run-function-options.ts";
import type { RunOptions } from "./step-options.ts";

/** How an image's author logs in to its registry. */
export interface RegistryLogin {
  kind: "static" | "aws" | "gcp";
  secret: Secret;
}

/** What COPY and ADD of a step's lines find: a directory of this machine, read when the image is built. */
export interface CopiedDirectory {
  path: string;
  /** Undefined: what the `.dockerignore` file says. */
  ignore: readonly string[] | undefined;
}

/** Lines of a Dockerfile. */
export interface CommandsStep {
  kind: "commands";
  lines: string[];
  /** Local path of a Dockerfile that has the lines instead. */
  dockerfile?: string;
  /** What it is called while it is built. Default: its lines. */
  title?: string;
  secrets: Secret[];
  volumes: Record<string, Volume>;
  gpu: GpuRequest | undefined;
  context: LocalSource[];
  copied?: CopiedDirectory;
  buildArgs?: Record<string, string>;
  registry?: RegistryLogin;
  forceBuild: boolean;
}

/** A function that runs while the image is built. */
export interface FunctionStep {
  kind: "function";
  name: string;
  run: AnyFunction;
  options: RunFunctionOptions;
  forceBuild: boolean;
}

/** An image that the server has already. */
export interface ExistingStep {
  kind: "existing";
  name: string;
  environment: string | undefined;
  imageId: string;
  forceBuild: false;
}

/** One step of an image's definition. */
export type ImageStep = CommandsStep | FunctionStep | ExistingStep;

/** A step of Dockerfile lines. `more` is what few steps have. */
export function commands(
  lines: string[],
  options: RunOptions,
  more: Partial<CommandsStep> = {},
): CommandsStep {
  checkVolumeMounts("A build step", options.volumes ?? {});
  return {
    kind: "commands",
    lines,
    secrets: secretsOf(options),
    volumes: options.volumes ?? {},
    gpu: gpuRequest(options.gpu),
    context: [],
    forceBuild: options.forceBuild ?? false,
    ...more,
  };
}

/** The secrets of a step, with its environment variables as one more. */
export function secretsOf({ secrets = [], env }: RunOptions): Secret[] {
  return env === undefined ? secrets : [...secrets, Secret.fromObject(env)];
}
