import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  DataFormat,
  FunctionInputSchema,
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  RegistryAuthType,
  ResourcesSchema,
  type FunctionInput,
  type GenericResult,
  type Image,
} from "@dorian/protocol/modal";
import type { ImageConfig } from "@dorian/protocol/worker";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import { resourceRequestOf } from "../../dispatch/placement/resource-request.ts";
import type { BuildLog as LogSink, WorkerPool } from "../../dispatch/ports.ts";
import type { SecretStore } from "../secret/secret-store.ts";
import { taskVolumes } from "../volume/task-volumes.ts";
import type { VolumeRegistry } from "../volume/volume-registry.ts";
import { emptyConfig } from "../image/image-registry.ts";
import type { ImageRecord } from "../image/image-record.ts";

/** What a finished build says of its image. Layers and configuration only of a success. */
export interface BuildOutcome {
  result: GenericResult;
  /** The whole stack, lowest first. */
  layerIds: string[];
  config: ImageConfig;
  bytes: number;
}

export interface BuildRunnerOptions {
  pool: WorkerPool;
  functions: FunctionRegistry;
  mounts: MountStore;
  secrets: SecretStore;
  volumes: VolumeRegistry;
  /** Seconds that the commands of one step may take. */
  timeoutSecs: number;
}

/** `()` with no keywords, as Python's clients write it. */
const noPickledArguments = Buffer.from("8004950600000000000000297d9486942e", "hex");

/** Has one image step done by a worker: Dockerfile commands, or a call of a build function. */
export function createBuildRunner(options: BuildRunnerOptions) {
  const { pool, functions, mounts, secrets, volumes } = options;

  /** `forced`: the id of an image that is made whatever there is already; empty for any other. */
  return async (
    image: Image,
    { buildFunctionId, forced }: { buildFunctionId: string; forced: string },
    base: ImageRecord | undefined,
    log: LogSink,
  ): Promise<BuildOutcome> =>
    image.buildFunction
      ? await callFunction(image, buildFunctionId, base, log)
      : await runCommands(image, forced, base, log);

  async function runCommands(
    image: Image,
    forced: string,
    base: ImageRecord | undefined,
    log: LogSink,
  ): Promise<BuildOutcome> {
    const registry = image.imageRegistryConfig;
    const { gpu } = resourceRequestOf({ resources: create(ResourcesSchema, { gpuConfig: image.gpuConfig }) });
    const contextLayerId = image.contextMountId === "" ? "" : await mounts.layerOf(image.contextMountId);
    const finished = await pool.build(
      {
        baseLayerIds: base?.layerIds ?? [],
        baseConfig: base?.config ?? emptyConfig(),
        dockerfile: image.dockerfileCommands.join("\n"),
        buildArgs: image.buildArgs,
        contextLayerId,
        contextFiles: image.contextFiles,
        secretEnv: secrets.env(image.secretIds),
        volumes: taskVolumes(volumes, image.volumeMounts),
        timeoutSecs: options.timeoutSecs,
        registryAuth: registry?.registryAuthType ?? RegistryAuthType.UNSPECIFIED,
        registryEnv: registry && registry.secretId !== "" ? secrets.env([registry.secretId]) : {},
        refreshBase: forced !== "",
        stepScope: forced,
        gpuDevices: [],
      },
      log,
      gpu ? { gpu } : {},
    );
    return {
      result: finished.result ?? failureOf("The worker reported no result."),
      layerIds: [...(base?.layerIds ?? []), ...finished.layerIds],
      config: finished.config ?? emptyConfig(),
      bytes: Number(finished.layerBytes),
    };
  }

  async function callFunction(
    image: Image,
    functionId: string,
    base: ImageRecord | undefined,
    log: LogSink,
  ): Promise<BuildOutcome> {
    const record = functions.require(functionId);
    if (!record.isBuilder || record.definition?.imageId !== base?.imageId) {
      throw new AppError(
        "BUILD_FUNCTION_MISMATCH",
        `${functionId} is not a build function of the image below.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Create it as a builder, with the image that the step is built on.",
        },
      );
    }
    const formats = record.definition?.supportedInputFormats ?? [];
    const input = buildInput(image.buildFunction?.input, formats);
    const outcome = await pool.runBuilder(functionId, input, log);
    const added = outcome.frozenLayerId === "" ? [] : [outcome.frozenLayerId];
    return {
      result: outcome.result,
      layerIds: [...(base?.layerIds ?? []), ...added],
      config: base?.config ?? emptyConfig(),
      bytes: outcome.frozenBytes,
    };
  }
}

export function failureOf(exception: string): GenericResult {
  return create(GenericResultSchema, { status: Status.FAILURE, exception });
}

function buildInput(given: FunctionInput | undefined, formats: readonly DataFormat[]): FunctionInput {
  const isPlain = formats.includes(DataFormat.CBOR) && !formats.includes(DataFormat.PICKLE);
  const input = create(FunctionInputSchema, given ?? {});
  if (given === undefined || given.argsOneof.case === undefined) {
    input.argsOneof = { case: "args", value: isPlain ? new Uint8Array() : noPickledArguments };
    input.dataFormat = isPlain ? DataFormat.CBOR : DataFormat.PICKLE;
  }
  input.methodName = "";
  input.finalInput = true;
  return input;
}
