import { AppError } from "@dorian/base/app-error";
import type {
  CloudBucketMount,
  Function as FunctionDefinition,
  FunctionPrecreateRequest,
} from "@dorian/protocol/modal";
import { checkBucketMounts } from "../bucket/bucket-mounts.ts";
import type { ImageRegistry } from "../image/image-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import { checkSchedule } from "../../dispatch/schedule/next-run.ts";
import type { SecretStore } from "../secret/secret-store.ts";
import { checkMountPaths, type VolumeMountPoint } from "../volume/mount-path.ts";
import type { VolumeRegistry } from "../volume/volume-registry.ts";
import { isMethodAlias } from "./method-alias.ts";

export interface References {
  images: ImageRegistry;
  mounts: MountStore;
  secrets: SecretStore;
  volumes: VolumeRegistry;
}

/**
 * Refuses a definition that could never run: what it names must be there, and volumes be mounted where they can be.
 *
 * @throws AppError
 */
export function checkDefinition(definition: FunctionDefinition, references: References): void {
  checkAnnouncement(definition);
  refuseUnserved(definition.functionName, unserved(definition));
  if (definition.schedule) checkSchedule(definition.schedule);
  if (isMethodAlias(definition)) return;
  checkReferences(definition, references);
}

/** What clients say of a function before they have its image built. The rest of its options comes when that is done. */
type Announcement = Pick<FunctionPrecreateRequest, "functionName" | "webhookConfig" | "methodDefinitions">;

/** Refuses what a function could never be, before time is spent on its image. @throws AppError */
export function checkAnnouncement(announcement: Announcement): void {
  checkFunctionName(announcement.functionName);
}

/** Whether it is asked for, what it is, and what to use instead. */
type UnservedFeature = [boolean, string, string];

function refuseUnserved(functionName: string, features: readonly UnservedFeature[]): void {
  for (const [isAskedFor, what, remedy] of features) {
    if (!isAskedFor) continue;
    throw new AppError("FUNCTION_FEATURE_UNSUPPORTED", `${functionName}: Dorian does not serve ${what}.`, {
      status: "UNIMPLEMENTED",
      remedy,
    });
  }
}

function unserved(definition: FunctionDefinition): UnservedFeature[] {
  return [
    [
      definition.isServer,
      "`@app.server` functions",
      "Use `@modal.web_server`, which has an address of its own.",
    ],
    [
      definition.httpConfig !== undefined,
      "`@modal.experimental.http_server`",
      "Use `@modal.web_server`, which has an address of its own.",
    ],
    [
      definition.ptyInfo?.enabled ?? false,
      "interactive runs",
      "Leave `-i` out of `modal run`, and open a shell in the function's container with `modal shell`.",
    ],
    [definition.sharedVolumeMounts.length > 0, "network file systems", "Use a `Volume`."],
    [definition.s3Mounts.length > 0, "S3 mounts", "Use a `CloudBucketMount`."],
    [
      (definition.proxyId ?? definition.ExperimentalProxyIp ?? "") !== "",
      "proxies",
      "Leave `proxy` out: containers go out through the machine they run on, whose address is fixed.",
    ],
    [
      (definition.networkAccess?.allowedCidrs.length ?? 0) +
        (definition.networkAccess?.allowedDomains.length ?? 0) >
        0,
      "lists of addresses that containers may reach",
      "Shut them off with `blockNetwork`, or let the machine's firewall do it.",
    ],
    [
      definition.i6pnEnabled && definition.ExperimentalGroupSize <= 1,
      "a private network between containers",
      "Let them talk through a `modal.Queue` or a web function.",
    ],
    [
      definition.ExperimentalGroupSize > 1,
      "functions that span several containers",
      "Ask for more GPUs in one container.",
    ],
  ];
}

/** What it names must be there and usable. */
export function checkReferences(definition: FunctionDefinition, references: References): void {
  const image = references.images.require(definition.imageId);
  if (image.state !== "ready") {
    const state = image.state === "building" ? "is still being built" : "could not be built";
    throw new AppError("IMAGE_NOT_READY", `The image of ${definition.functionName} ${state}.`, {
      remedy: "Wait for its build, and look into the build's log.",
    });
  }
  for (const mountId of definition.mountIds) references.mounts.require(mountId);
  checkObjects(definition, references);
}

/** Of a definition, or of options that change one. */
export interface NamedObjects {
  secretIds: readonly string[];
  volumeMounts: readonly VolumeMountPoint[];
  cloudBucketMounts: readonly CloudBucketMount[];
}

/** The secrets must be there, and volumes and buckets be mountable. */
export function checkObjects(
  { secretIds, volumeMounts, cloudBucketMounts }: NamedObjects,
  references: Pick<References, "secrets" | "volumes">,
): void {
  references.secrets.requireAll(secretIds);
  for (const mount of volumeMounts) references.volumes.requireAlive(mount.volumeId);
  checkMountPaths(volumeMounts);
  checkBucketMounts(cloudBucketMounts, volumeMounts, references.secrets);
}

/** @throws AppError FUNCTION_NAME_INVALID */
function checkFunctionName(name: string): void {
  if (/^[^\s/\\]{1,256}$/u.test(name)) return;
  throw new AppError("FUNCTION_NAME_INVALID", `"${name}" cannot be the name of a function.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Use a name without spaces and slashes.",
  });
}
