import { AppError } from "@dorian/base/app-error";
import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { ImageRegistry } from "../image/image-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import type { SecretStore } from "../secret/secret-store.ts";
import { checkMountPaths, type VolumeMountPoint } from "../volume/mount-path.ts";
import type { VolumeRegistry } from "../volume/volume-registry.ts";

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
  checkFunctionName(definition.functionName);
  if (
    definition.webhookConfig ||
    Object.values(definition.methodDefinitions).some((method) => method.webhookConfig)
  ) {
    throw unsupported("Web endpoints");
  }
  if (definition.schedule) throw unsupported("Schedules");
  const image = references.images.require(definition.imageId);
  if (image.state !== "ready") {
    const state = image.state === "building" ? "is still being built" : "could not be built";
    throw new AppError("IMAGE_NOT_READY", `The image of ${definition.functionName} ${state}.`, {
      remedy: "Wait for its build, and look into the build's log.",
    });
  }
  for (const mountId of definition.mountIds) references.mounts.require(mountId);
  checkSecretsAndVolumes(definition.secretIds, definition.volumeMounts, references);
}

export function checkSecretsAndVolumes(
  secretIds: readonly string[],
  volumeMounts: readonly VolumeMountPoint[],
  references: Pick<References, "secrets" | "volumes">,
): void {
  for (const secretId of secretIds) references.secrets.require(secretId);
  for (const mount of volumeMounts) references.volumes.requireNamed(mount.volumeId);
  checkMountPaths(volumeMounts);
}

/** @throws AppError FUNCTION_NAME_INVALID */
export function checkFunctionName(name: string): void {
  if (/^[^\s/\\]{1,256}$/u.test(name)) return;
  throw new AppError("FUNCTION_NAME_INVALID", `"${name}" cannot be the name of a function.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Use a name without spaces and slashes.",
  });
}

export function unsupported(what: string): AppError {
  return new AppError("FUNCTION_FEATURE_UNSUPPORTED", `${what} are not served yet.`, {
    status: "UNIMPLEMENTED",
    remedy: "docs/modal-compatibility.md lists what Dorian serves.",
  });
}
