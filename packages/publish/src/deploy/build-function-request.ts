import { AppError } from "@dorian/base/app-error";
import { encodeValue } from "@dorian/protocol/value/payload";
import type { AnyFunction } from "@dorian/sdk/any-function";
import { encodeInput } from "@dorian/sdk/function/encode-input";
import type { FunctionOptions } from "@dorian/sdk/function/function-options";
import { gpuChoices } from "@dorian/sdk/gpu";
import { buildDefinition } from "../build-identity/build-definition.ts";
import { scopeOf } from "../build-identity/module-scopes.ts";
import type { DeploySession } from "./deploy-session.ts";
import { buildFunctionMessage } from "./function-message.ts";
import type { ImageRequest } from "./image-requests.ts";
import { resolveBuckets } from "./resolve-buckets.ts";
import { resolveSecrets } from "./resolve-secret.ts";
import { resolveVolumes } from "./resolve-volumes.ts";

const maxBuildInputBytes = 2 * 1024 * 1024;

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

/**
 * Makes the function of a build step on the server, and what asks for the image that it makes of another.
 *
 * @throws AppError BUILD_INPUT_TOO_LARGE
 */
export async function buildFunctionRequest(
  session: DeploySession,
  baseImageId: string,
  step: BuildFunctionStep,
): Promise<ImageRequest> {
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
  return {
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
  };
}
