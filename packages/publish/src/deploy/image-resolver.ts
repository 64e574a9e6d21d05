import { AppError } from "@dorian/base/app-error";
import { assertNever } from "@dorian/base/must";
import { Patience } from "@dorian/base/patience";
import { Stopwatch } from "@dorian/base/stopwatch";
import {
  GenericResult_GenericStatus as Status,
  RegistryAuthType,
  type GenericResult,
  type ImageSchema,
} from "@dorian/protocol/modal";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { encodeInput } from "@dorian/sdk/function/encode-input";
import { gpuChoices } from "@dorian/sdk/gpu";
import { buildFunctionPrefix } from "@dorian/sdk/app/find-target";
import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import {
  secretsOf,
  type CommandsStep,
  type ExistingStep,
  type RegistryLogin,
} from "@dorian/sdk/image/image-step";
import type { FunctionOptions } from "@dorian/sdk/function/function-options";
import type { AnyFunction } from "@dorian/sdk/any-function";
import { buildDefinition } from "../build-identity/build-definition.ts";
import { scopeOf } from "../build-identity/module-scopes.ts";
import { encodeValue } from "@dorian/protocol/value/payload";
import { isServerGone } from "@dorian/protocol/error/status-error";
import type { DeploySession } from "./deploy-session.ts";
import { buildFunctionMessage } from "./function-message.ts";
import { localFiles } from "./local-files.ts";
import { resolveSecrets } from "./resolve-secret.ts";
import { contentOf } from "./step-content.ts";
import { resolveBuckets } from "./resolve-buckets.ts";
import { resolveVolumes } from "./resolve-volumes.ts";
import { makeMount } from "./make-mount.ts";

/** How long to wait for a server that restarts. */
const restartMs = 60_000;
const maxBuildInputBytes = 2 * 1024 * 1024;
const authTypes: Record<RegistryLogin["kind"], RegistryAuthType> = {
  static: RegistryAuthType.STATIC_CREDS,
  aws: RegistryAuthType.AWS,
  gcp: RegistryAuthType.GCP,
};

/** A function that runs as a build step. */
export interface BuildFunctionStep {
  /** "Model.download", or the name of a plain function. */
  name: string;
  /** Tag that leads the container to it. */
  objectTag: string;
  isMethod: boolean;
  run: AnyFunction;
  /** What the user's module calls by name: the class of a method, or the function itself. */
  owner: unknown;
  /** Mounts that it has beside the code. */
  mountIds: string[];
  options: FunctionOptions;
  args: unknown[];
  forceBuild: boolean;
}

/** Turns image definitions into images on the server: each is asked for once, independent ones at the same time. */
export class ImageResolver {
  #session: DeploySession;
  #resolved = new Map<ImageDefinition, Promise<string>>();
  #ready = new Map<string, Promise<boolean>>();
  #mounts = new Map<ImageDefinition, Promise<string[]>>();

  constructor(session: DeploySession) {
    this.#session = session;
  }

  resolve(image: ImageDefinition): Promise<string> {
    return onceUnlessFailed(this.#resolved, image, () => this.#build(image));
  }

  /** Mounts of the local files that are laid over an image when a container starts. */
  mountIds(image: ImageDefinition): Promise<string[]> {
    return onceUnlessFailed(this.#mounts, image, () => this.#mount(image));
  }

  async #mount(image: ImageDefinition): Promise<string[]> {
    const files = await localFiles(image.mounted, this.#session);
    return files.length > 0 ? [await makeMount(this.#session, files)] : [];
  }

  /** The image that a build function makes of another. */
  async runBuildFunction(baseImageId: string, step: BuildFunctionStep): Promise<string> {
    const session = this.#session;
    const input = step.args.length > 0 ? encodeInput("", step.args) : undefined;
    if (input?.argsOneof.case === "args" && input.argsOneof.value.length > maxBuildInputBytes) {
      throw new AppError(
        "BUILD_INPUT_TOO_LARGE",
        `The arguments of build function ${step.name} take ${input.argsOneof.value.length} bytes; at most 2 MiB are allowed.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Put the data into the image with addLocalFile(…, { copy: true }).",
        },
      );
    }
    const [secretIds, volumeMounts, cloudBucketMounts] = await Promise.all([
      resolveSecrets(session, step.options.secrets ?? []),
      resolveVolumes(session, step.options.volumes),
      resolveBuckets(session, step.options.volumes),
    ]);
    const [gpu] = gpuChoices(step.options.gpu);
    const { source, constants, skipped } = buildDefinition(step.run, scopeOf(step.owner));
    if (skipped.length > 0) {
      session.onProgress({
        kind: "warning",
        message: `${step.name} refers to ${skipped.map(({ name, reason }) => `${name} (${reason})`).join(", ")}: when that changes, the step is not built again.`,
      });
    }
    const environment = {
      gpu,
      secrets: (step.options.secrets ?? []).map((secret) => secret.name || Object.keys(secret.values)),
      volumes: volumeMounts.map(({ mountPath, volumeId, subPath }) => [
        mountPath,
        volumeId,
        ...(subPath === undefined ? [] : [subPath]),
      ]),
      ...(step.options.env && { env: step.options.env }),
      ...(cloudBucketMounts.length > 0 && {
        buckets: cloudBucketMounts.map((mount) => [mount.mountPath, mount.bucketName, mount.keyPrefix]),
      }),
    };
    const { functionId } = await session.modal.functionCreate(
      {
        appId: session.appId,
        function: {
          ...buildFunctionMessage({
            options: step.options,
            imageId: baseImageId,
            mountIds: [session.codeMountId, ...step.mountIds],
            secretIds,
            volumeMounts,
            entrypoint: { modulePath: session.modulePath, objectTag: step.objectTag },
          }),
          cloudBucketMounts,
          functionName: step.name,
          isMethod: step.isMethod,
          appName: session.appName,
          objectDependencies: [...secretIds, ...volumeMounts.map((mount) => mount.volumeId)].map(
            (objectId) => ({ objectId }),
          ),
        },
      },
      { signal: session.signal },
    );
    return this.#ask({
      image: {
        baseImages: [{ dockerTag: "base", imageId: baseImageId }],
        buildFunction: {
          definition: `${source}\n${JSON.stringify(environment)}`,
          globals: encodeValue(constants, "the constants of a build function"),
          ...(input ? { input } : {}),
        },
        gpuConfig: gpu ? { gpuType: gpu.type, count: gpu.count } : {},
      },
      description: `build function ${step.name}`,
      buildFunctionId: functionId,
      forceBuild: step.forceBuild,
    });
  }

  async #build(image: ImageDefinition): Promise<string> {
    const baseImageId = image.base ? await this.resolve(image.base) : undefined;
    const { step } = image;
    switch (step.kind) {
      case "existing":
        return await this.#find(step);
      case "function": {
        const { args = [], forceBuild: _, ...options } = step.options;
        return await this.runBuildFunction(baseImageId ?? "", {
          name: step.name,
          objectTag: `${buildFunctionPrefix}${step.name}`,
          isMethod: false,
          run: step.run,
          owner: step.run,
          mountIds: [],
          options: { ...options, secrets: secretsOf(options) },
          args,
          forceBuild: step.forceBuild,
        });
      }
      case "commands":
        return await this.#runCommands(step, baseImageId);
      default:
        return assertNever(step);
    }
  }

  async #find({ name, environment = "", imageId }: ExistingStep): Promise<string> {
    const { modal, signal } = this.#session;
    const found =
      name === ""
        ? await modal.imageFromId({ imageId }, { signal })
        : await modal.imageGetByTag({ tag: name, environmentName: environment }, { signal });
    return found.imageId;
  }

  async #runCommands(step: CommandsStep, baseImageId: string | undefined): Promise<string> {
    const session = this.#session;
    const { lines, context } = await contentOf(step);
    const files = await localFiles(context, session);
    if (step.context.length > 0 && files.length === 0 && baseImageId !== undefined) return baseImageId;
    const [secretIds, volumeMounts, contextMountId, registrySecretIds] = await Promise.all([
      resolveSecrets(session, step.secrets),
      resolveVolumes(session, step.volumes),
      files.length > 0 ? makeMount(session, files) : "",
      resolveSecrets(session, step.registry ? [step.registry.secret] : []),
    ]);
    const [secretId] = registrySecretIds;
    return this.#ask({
      image: {
        baseImages: baseImageId === undefined ? [] : [{ dockerTag: "base", imageId: baseImageId }],
        dockerfileCommands: baseImageId === undefined ? lines : ["FROM base", ...lines],
        secretIds,
        volumeMounts,
        contextMountId,
        gpuConfig: step.gpu ? { gpuType: step.gpu.type, count: step.gpu.count } : {},
        buildArgs: step.buildArgs ?? {},
        ...(step.registry &&
          secretId !== undefined && {
            imageRegistryConfig: { registryAuthType: authTypes[step.registry.kind], secretId },
          }),
      },
      description: step.title ?? step.lines.join(" && "),
      buildFunctionId: "",
      forceBuild: step.forceBuild,
    });
  }

  async #ask(request: {
    image: MessageInitShape<typeof ImageSchema>;
    description: string;
    buildFunctionId: string;
    forceBuild: boolean;
  }): Promise<string> {
    const { modal, appId, signal, ignoreCache } = this.#session;
    const forceBuild = request.forceBuild || this.#session.forceBuild;
    const asked = {
      image: request.image,
      appId,
      buildFunctionId: request.buildFunctionId,
      forceBuild,
      ignoreCache,
    };
    for (;;) {
      const watch = new Stopwatch();
      const { imageId, result, buildReason } = await modal.imageGetOrCreate(asked, { signal });
      // Another Image object of the same definition leads to the same image: its build is told about once.
      const { description } = request;
      const told = { imageId, result, buildReason, watch, description };
      if (await onceUnlessFailed(this.#ready, imageId, () => this.#tell(told))) return imageId;
      this.#ready.delete(imageId);
    }
  }

  /** Follows an image until it is there. False when a restart of the server interrupted its build. */
  async #tell(image: {
    imageId: string;
    result: GenericResult | undefined;
    buildReason: string;
    /** Started when it was asked for. */
    watch: Stopwatch;
    description: string;
  }): Promise<boolean> {
    const { imageId, result, description, watch } = image;
    const { onProgress } = this.#session;
    const built = (result?.status ?? Status.UNSPECIFIED) === Status.UNSPECIFIED;
    if (built) onProgress({ kind: "image-building", imageId, description, reason: image.buildReason });
    const outcome = built ? await this.#follow(imageId) : (result as GenericResult);
    if (outcome === "interrupted") return false;
    checkResult(imageId, description, outcome);
    onProgress({ kind: "image-ready", imageId, description, built, seconds: watch.ms / 1000 });
    return true;
  }

  /** How a build ended. One that a restart of the server interrupted has to be asked for again. */
  async #follow(imageId: string): Promise<GenericResult | "interrupted"> {
    const { modal, onProgress, signal } = this.#session;
    let lastEntryId = "";
    const patience = new Patience({ limitMs: restartMs, firstMs: 100, maxMs: 2_000 });
    let wasAway = false;
    for (;;) {
      try {
        const request = { imageId, timeout: 55, lastEntryId };
        for await (const update of modal.imageJoinStreaming(request, { signal })) {
          patience.succeeded();
          if (update.entryId !== "") lastEntryId = update.entryId;
          if (update.taskLogs.length > 0) onProgress({ kind: "image-log", imageId, items: update.taskLogs });
          const status = update.result?.status ?? Status.UNSPECIFIED;
          if (wasAway && status === Status.TERMINATED) return "interrupted";
          if (update.result && status !== Status.UNSPECIFIED) return update.result;
        }
        patience.succeeded();
      } catch (error) {
        // A server that restarts answers for the build when it is back.
        if (!isServerGone(error) || !(await patience.again({ signal }))) throw error;
        wasAway = true;
      }
    }
  }
}

/** What was made for a key, or is being made. After a failure the next who asks has it made again. */
function onceUnlessFailed<K, T>(made: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
  let found = made.get(key);
  if (!found) {
    found = make();
    made.set(key, found);
    found.catch(() => made.delete(key));
  }
  return found;
}

function checkResult(imageId: string, description: string, result: GenericResult): void {
  if (result.status === Status.SUCCESS) return;
  const what = `Image build for ${imageId} failed in step "${description}"`;
  const why = result.exception || "no reason given";
  if (result.status === Status.TERMINATED) {
    throw new AppError("IMAGE_BUILD_TERMINATED", `${what}: it was cancelled. ${why}`, {
      status: "CANCELLED",
      remedy: "Run the command again to build it.",
    });
  }
  if (result.status === Status.TIMEOUT) {
    throw new AppError("IMAGE_BUILD_TIMEOUT", `${what}: it took too long. ${why}`, {
      status: "DEADLINE_EXCEEDED",
      remedy: "Give the step a longer timeout.",
    });
  }
  // A trace begins or ends with what it is the trace of.
  const trace = result.traceback.includes(why) ? result.traceback : `${why}\n${result.traceback}`;
  throw new AppError("IMAGE_BUILD_FAILED", `${what}: ${trace.trimEnd()}`, {
    status: "ABORTED",
    remedy: "The build log above shows the cause. Nothing of the failed step is kept.",
  });
}
