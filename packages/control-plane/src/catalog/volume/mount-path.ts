import { AppError } from "@dorian/base/app-error";
import { posix } from "node:path";

export interface VolumeMountPoint {
  volumeId: string;
  mountPath: string;
  subPath?: string | undefined;
}

/** In bytes, of which some letters have several. The kernel takes no longer one. */
const longestPath = 4_095;
const reserved = ["/", "/root", "/tmp"];
const reservedTrees = ["/proc", "/sys", "/dev", "/run/dorian", "/usr/lib/dorian", "/__modal"];

/**
 * Refuses places where a volume cannot be mounted.
 *
 * @throws AppError VOLUME_MOUNT_INVALID
 */
export function checkMountPaths(mounts: readonly VolumeMountPoint[]): void {
  const volumes = new Map<string, string>();
  for (const { volumeId, mountPath, subPath } of mounts) {
    checkMountPath(mountPath);
    if (subPath !== undefined && subPath !== "") checkSubPath(mountPath, subPath);
    const other = volumes.get(volumeId);
    if (other !== undefined) {
      throw invalid(
        `The same volume is mounted at "${other}" and at "${mountPath}".`,
        "Mount a volume once, and use one path for it in the code.",
      );
    }
    volumes.set(volumeId, mountPath);
  }
  checkPathsApart([...volumes.values()]);
}

/** Refuses places that are one, or inside another. @throws AppError VOLUME_MOUNT_INVALID */
export function checkPathsApart(mountPaths: readonly string[]): void {
  // What is inside a directory comes right behind it, in the order of paths that end with a slash.
  const paths = mountPaths.map((path) => `${path}/`).toSorted();
  for (const [index, ended] of paths.entries()) {
    const next = paths[index + 1];
    if (!next?.startsWith(ended)) continue;
    const [path, clash] = [ended.slice(0, -1), next.slice(0, -1)];
    throw invalid(
      clash === path
        ? `Two volumes are mounted at "${path}".`
        : `One volume is mounted at "${path}" and another inside it, at "${clash}".`,
      "Give each volume a path of its own, none inside another.",
    );
  }
}

/** Refuses a place where nothing can be mounted. @throws AppError VOLUME_MOUNT_INVALID */
export function checkMountPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > longestPath) {
    throw invalid(
      `A volume cannot be mounted at "${path.slice(0, 100)}…", which has ${bytes} bytes.`,
      `Use a path of at most ${longestPath}, such as "/vol/models".`,
    );
  }
  const canonical = path.startsWith("/") && (path === "/" || posix.resolve(path) === path);
  if (!canonical || path.includes("\0")) {
    throw invalid(
      `A volume cannot be mounted at "${path}".`,
      'Use an absolute path without "..", "." or a slash at the end, such as "/vol/models".',
    );
  }
  const tree = reservedTrees.find(
    (reservedPath) => path === reservedPath || path.startsWith(`${reservedPath}/`),
  );
  if (reserved.includes(path) || tree !== undefined) {
    throw invalid(
      `A volume cannot be mounted at "${path}": containers need that directory for themselves.`,
      'Choose another path, such as "/vol/models".',
    );
  }
}

function checkSubPath(mountPath: string, subPath: string): void {
  if (!subPath.split("/").includes("..") && !subPath.includes("\0")) return;
  throw invalid(
    `The volume at "${mountPath}" has the sub-path "${subPath}", which is outside the volume.`,
    'Name a directory inside the volume by its path from the root, without "..".',
  );
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("VOLUME_MOUNT_INVALID", message, { status: "INVALID_ARGUMENT", remedy });
}
