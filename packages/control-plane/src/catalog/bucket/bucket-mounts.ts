import { AppError } from "@dorian/base/app-error";
import type { CloudBucketMount } from "@dorian/protocol/modal";
import type { TaskBucket } from "@dorian/protocol/worker";
import type { SecretStore } from "../secret/secret-store.ts";
import { checkMountPath, checkPathsApart } from "../volume/mount-path.ts";
import { bucketAccess } from "./bucket-credentials.ts";
import { bucketEndpoint } from "./bucket-endpoint.ts";

/** Seconds for which what is known of an object is believed, unless the mount says otherwise; and how long "for good" is. */
const usualTtlSecs = 1;
const longestTtlSecs = 365 * 24 * 3600;

/** More of them in one container would be more processes than anybody means. */
const mostBuckets = 16;
const longestPrefix = 900;

/**
 * Refuses buckets that could never be mounted: their names, places and addresses have to be possible ones, and what their secrets
 * hold complete.
 *
 * @throws AppError BUCKET_MOUNT_INVALID, BUCKET_SECRET_INVALID, SECRET_NOT_FOUND, VOLUME_MOUNT_INVALID
 */
export function checkBucketMounts(
  mounts: readonly CloudBucketMount[],
  volumes: readonly { mountPath: string }[],
  secrets: Pick<SecretStore, "env">,
): void {
  if (mounts.length > mostBuckets) {
    throw invalid(
      `A function mounts ${mounts.length} buckets.`,
      `Mount at most ${mostBuckets}, for example one with several prefixes below it.`,
    );
  }
  for (const mount of mounts) checkMountPath(mount.mountPath);
  checkPathsApart([...volumes, ...mounts].map(({ mountPath }) => mountPath));
  taskBuckets(mounts, secrets);
}

/** The buckets of a function, as its worker is told of them. @throws AppError as {@link checkBucketMounts} */
export function taskBuckets(
  mounts: readonly CloudBucketMount[],
  secrets: Pick<SecretStore, "env">,
): TaskBucket[] {
  return mounts.map((mount) => {
    const { mountPath, bucketName, keyPrefix = "", credentialsSecretId: secretId } = mount;
    checkNames(mount);
    const env = secretId === "" ? {} : secrets.env([secretId]);
    const { credentials, region } = bucketAccess({ mountPath, isOpenToAll: secretId === "" }, env);
    if (mount.requesterPays && !credentials) {
      throw invalid(
        `The bucket at "${mountPath}" lets its requesters pay, and has no secret that says who they are.`,
        "Give the mount a secret.",
      );
    }
    const endpoint = bucketEndpoint(mount, region);
    return {
      $typeName: "dorian.worker.TaskBucket" as const,
      mountPath,
      bucket: bucketName,
      keyPrefix,
      endpointUrl: endpoint.url,
      region: endpoint.region,
      pathStyle: endpoint.pathStyle,
      readOnly: mount.readOnly,
      requesterPays: mount.requesterPays,
      metadataTtlSecs: metadataTtlSecs(mount),
      ...(credentials && { credentials }),
    };
  });
}

function checkNames(mount: CloudBucketMount): void {
  const { bucketName, keyPrefix = "", mountPath, oidcAuthRoleArn } = mount;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(bucketName)) {
    throw invalid(
      `"${bucketName}", at "${mountPath}", cannot be the name of a bucket.`,
      "Give the name alone: 3 to 63 letters, digits, dashes and dots.",
    );
  }
  const steps = keyPrefix.slice(0, -1).split("/");
  const isPrefix =
    keyPrefix === "" ||
    (keyPrefix.endsWith("/") &&
      keyPrefix.length <= longestPrefix &&
      !/[\p{C}:]/u.test(keyPrefix) &&
      !steps.some((step) => step === "" || step === "." || step === ".."));
  if (!isPrefix) {
    throw invalid(
      `The bucket at "${mountPath}" has the key prefix "${keyPrefix}".`,
      'A prefix ends with a slash, does not begin with one, and has no empty step, "." or ".." in it: "data/2026/".',
    );
  }
  if ((oidcAuthRoleArn ?? "") === "") return;
  throw new AppError(
    "FUNCTION_FEATURE_UNSUPPORTED",
    `The bucket at "${mountPath}" is to be opened by a role: Dorian's containers have no identity that such a role could trust.`,
    { status: "UNIMPLEMENTED", remedy: "Give the mount a secret with keys." },
  );
}

function metadataTtlSecs({ metadataTtlOneof: ttl }: CloudBucketMount): number {
  const asked =
    ttl.case === "metadataTtlSeconds"
      ? Number(ttl.value)
      : ttl.case === "metadataTtlType" && ttl.value === 2
        ? longestTtlSecs
        : usualTtlSecs;
  return Math.min(Math.max(asked, 1), longestTtlSecs);
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("BUCKET_MOUNT_INVALID", message, { status: "INVALID_ARGUMENT", remedy });
}
