import { posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { CloudBucketMount } from "../bucket/cloud-bucket-mount.ts";
import type { Volume } from "./volume.ts";

const reserved = ["/", "/root", "/tmp", "/proc", "/sys", "/dev", "/run", "/usr", "/bin", "/lib", "/etc"];

/**
 * Checks where volumes and buckets are mounted.
 *
 * @throws AppError VOLUME_PATH_INVALID, VOLUME_MOUNTED_TWICE
 */
export function checkVolumeMounts(owner: string, volumes: Record<string, Volume | CloudBucketMount>): void {
  const mounted: { path: string; volume: Volume }[] = [];
  for (const [path, volume] of Object.entries(volumes)) {
    const isBucket = volume instanceof CloudBucketMount;
    const what = isBucket ? `bucket "${volume.bucketName}"` : `volume "${volume.name}"`;
    const refuse = (why: string) => {
      throw new AppError("VOLUME_PATH_INVALID", `${owner} mounts ${what} at "${path}": ${why}.`, {
        status: "INVALID_ARGUMENT",
        remedy: 'Mount it at an absolute path of its own, such as "/vol/models".',
      });
    };
    if (!posix.isAbsolute(path)) refuse("the path is not absolute");
    if (posix.normalize(path) !== path || (path !== "/" && path.endsWith("/")))
      refuse(`the path is not in its shortest form, "${posix.normalize(path).replace(/(?<=.)\/$/, "")}"`);
    if (reserved.includes(path)) refuse("that place belongs to the image");
    if (isBucket) continue;
    const other = mounted.find((each) => each.volume.isSameAs(volume));
    if (other) {
      throw new AppError(
        "VOLUME_MOUNTED_TWICE",
        `${owner} mounts volume "${volume.name}" at "${other.path}" and at "${path}".`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Mount a volume at one path of a function.",
        },
      );
    }
    mounted.push({ path, volume });
  }
}
