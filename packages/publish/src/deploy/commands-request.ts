import { RegistryAuthType } from "@dorian/protocol/modal";
import type { CommandsStep, RegistryLogin } from "@dorian/sdk/image/image-step";
import type { DeploySession } from "./deploy-session.ts";
import type { ImageRequest } from "./image-requests.ts";
import { localFiles } from "./local-files.ts";
import { makeMount } from "./make-mount.ts";
import { resolveSecrets } from "./resolve-secret.ts";
import { resolveVolumes } from "./resolve-volumes.ts";
import { contentOf } from "./step-content.ts";

const authTypes: Record<RegistryLogin["kind"], RegistryAuthType> = {
  static: RegistryAuthType.STATIC_CREDS,
  aws: RegistryAuthType.AWS,
  gcp: RegistryAuthType.GCP,
};

/** Uploads what a step of Dockerfile lines copies, and makes what asks for its image; undefined where it would add nothing to its base. */
export async function commandsRequest(
  session: DeploySession,
  step: CommandsStep,
  baseImageId: string | undefined,
): Promise<ImageRequest | undefined> {
  const { lines, context } = await contentOf(step);
  const files = await localFiles(context, session);
  if (step.context.length > 0 && files.length === 0 && baseImageId !== undefined) return undefined;
  const [secretIds, volumeMounts, contextMountId, registrySecretIds] = await Promise.all([
    resolveSecrets(session, step.secrets),
    resolveVolumes(session, step.volumes),
    files.length > 0 ? makeMount(session, files) : "",
    resolveSecrets(session, step.registry ? [step.registry.secret] : []),
  ]);
  const [secretId] = registrySecretIds;
  return {
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
  };
}
