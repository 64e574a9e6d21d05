import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import { gpuRequest, type GpuRequest } from "../gpu.ts";
import { Secret } from "../secret/secret.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { Volume } from "../volume/volume.ts";
import type { LocalSource } from "./local-source.ts";
import type { RunFunctionOptions } from "./run-function-options.ts";

/** What every step of an image can be told. */
export interface StepOptions {
  /** Build this step, and all after it, even when it was built before. Default: false. */
  forceBuild?: boolean;
}

/** What a step that runs something can be given. None of it is in the image afterwards, but for what the step wrote. */
export interface RunOptions extends StepOptions {
  /** Environment variables of the step alone, as a secret has them. Default: none. */
  secrets?: Secret[];
  /** Environment variables of the step alone. A change of a value builds the step anew. Default: none. */
  env?: Record<string, string>;
  /** By mount path. What the step writes there is committed when it has succeeded, and is no part of the image. Default: none. */
  volumes?: Record<string, Volume>;
  /** "any", a model ("H100"), or a model with a count ("H100:2"). Default: none. */
  gpu?: string;
}

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

/** Parts what a method was given into names and the options behind them. */
export function split<O extends StepOptions = StepOptions>(
  method: string,
  values: (string | O)[],
): { names: string[]; options: O } {
  const last = values.at(-1);
  const given = isOptions<O>(last) ? last : undefined;
  const names = given === undefined ? values : values.slice(0, -1);
  if (names.some((name) => typeof name !== "string")) {
    throw new AppError("IMAGE_STEP_INVALID", `${method} was given something that is not a string.`, {
      status: "INVALID_ARGUMENT",
      remedy: `Pass strings one by one, and options last: ${method}("a", "b", { forceBuild: true }).`,
    });
  }
  if (names.some((name) => (name as string).trim() === "")) throw emptyStep(method);
  return { names: names as string[], options: given ?? ({} as O) };
}

function isOptions<O>(value: unknown): value is O {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function emptyStep(method: string): AppError {
  return new AppError("IMAGE_STEP_EMPTY", `${method} was given nothing to do.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Leave it out, or write what to install or run.",
  });
}
