import { AppError } from "@dorian/base/app-error";
import { AppState, type Function as FunctionDefinition } from "@dorian/protocol/modal";
import { appLayout, type LayoutSources } from "./app-layout.ts";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Journal } from "../../database/journal.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { taskBuckets } from "../bucket/bucket-mounts.ts";
import { taskVolumes } from "../volume/task-volumes.ts";
import { touchImage } from "../image/image-registry.ts";
import type { ImageRecord } from "../image/image-record.ts";
import type { MountStore } from "../mount/mount-store.ts";
import type { ContainerPlan, FunctionSpec } from "../../dispatch/ports.ts";
import type { SecretStore } from "../secret/secret-store.ts";
import { pythonMounts, type PythonMountSources } from "./python-mounts.ts";

export interface PlanSources extends LayoutSources, PythonMountSources {
  apps: AppRegistry;
  environments: Environments;
  mounts: MountStore;
  secrets: SecretStore;
  journal: Journal;
  nowMs: () => number;
  /** Whether all layers of an image are on disk. */
  layersPresent(image: ImageRecord): Promise<boolean>;
}

/**
 * Everything that a worker needs to start a container of a function.
 *
 * @throws AppError IMAGE_UNUSABLE, VOLUME_DELETED, and others of what the function names
 */
export async function planContainer(
  sources: PlanSources,
  spec: FunctionSpec,
  serializedParams: Uint8Array,
): Promise<ContainerPlan> {
  const { apps, environments, images, mounts, secrets, volumes, nowMs } = sources;
  const { definition, sandbox } = spec;
  const app = apps.requireOpen(spec.appId);
  const image = images.require(definition.imageId);
  await checkImage(sources, spec, image);
  checkVolumes(sources, spec.tag, definition);
  await touchImage(sources, image, nowMs());
  const bucketSecretIds = definition.cloudBucketMounts.flatMap((mount) => mount.credentialsSecretId || []);
  await secrets.used([...definition.secretIds, ...bucketSecretIds], nowMs());
  const mountIds = [...definition.mountIds, ...(await pythonMounts(sources, definition, image))];
  const codeLayers = await Promise.all(mountIds.map((mountId) => mounts.layerOf(mountId)));
  return {
    arguments: {
      functionId: spec.functionId,
      appId: spec.appId,
      functionDef: definition,
      tracingContext: {},
      serializedParams,
      runtime: "",
      environmentName: environments.nameOf(app.scope),
      appLayout: appLayout(sources, app, { unpublished: spec.isBuilder, extra: definition }),
      inputPlaneServerUrl: "",
    },
    layerIds: eachOnce([...image.layerIds, ...codeLayers]),
    imageId: image.imageId,
    config: sandbox?.workdir ? { ...image.config, workdir: sandbox.workdir } : image.config,
    secretEnv: { ...secrets.env(definition.secretIds), ...sandbox?.env },
    volumes: taskVolumes(volumes, definition.volumeMounts),
    buckets: taskBuckets(definition.cloudBucketMounts, secrets),
    snapshots: snapshotsOf(spec, app.state === AppState.DEPLOYED),
    ...(sandbox ? { command: sandbox.command } : {}),
  };
}

/** `dorian run` makes none: what it runs is gone when it ends. */
function snapshotsOf(
  { definition, isBuilder }: FunctionSpec,
  isDeployed: boolean,
): ContainerPlan["snapshots"] {
  if (!definition.checkpointingEnabled || isBuilder || !isDeployed) return "unwanted";
  const reason = obstacle(definition);
  return reason === undefined ? "wanted" : { refusal: reason };
}

/** Why memory of a function's containers cannot be written. */
function obstacle(definition: FunctionDefinition): string | undefined {
  if ((definition.resources?.gpuConfig?.count ?? 0) > 0) return "what is in a GPU cannot be written";
  if (definition.cloudBucketMounts.length > 0) return "what serves its bucket cannot be written";
  if (definition.runtime === "runsc") return "gVisor has processes in a form of its own";
  // A program with the rights of root reads what strangers' code has made of its processes.
  if (definition.untrusted) return "its code is not trusted (restrictModalAccess)";
  return undefined;
}

/** Clients name a mount twice; a stack cannot hold a layer twice. The upper of two equal ones hides the lower. */
function eachOnce(layerIds: readonly string[]): string[] {
  return layerIds.filter((layerId, index) => layerIds.lastIndexOf(layerId) === index);
}

async function checkImage(sources: PlanSources, spec: FunctionSpec, image: ImageRecord): Promise<void> {
  if (image.state === "ready" && (await sources.layersPresent(image))) return;
  throw new AppError("IMAGE_UNUSABLE", `The image ${image.imageId} of ${spec.tag} is not on this machine.`, {
    remedy: "Run or deploy the app again: the image is then built anew.",
  });
}

function checkVolumes({ volumes }: PlanSources, tag: string, definition: FunctionDefinition): void {
  const deleted = definition.volumeMounts.find(
    (mount) => volumes.require(mount.volumeId).deletedAtMs !== undefined,
  );
  if (!deleted) return;
  throw new AppError("VOLUME_DELETED", `The volume that ${tag} mounts at ${deleted.mountPath} was deleted.`, {
    status: "NOT_FOUND",
    remedy: "Run or deploy the app again: a volume with `createIfMissing` is then made anew, empty.",
  });
}
