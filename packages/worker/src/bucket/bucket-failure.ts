import { AppError } from "@dorian/base/app-error";
import type { TaskBucket } from "@dorian/protocol/worker";

type Named = Pick<TaskBucket, "bucket" | "endpointUrl" | "keyPrefix" | "mountPath" | "credentials">;

/** Of words that a bucket may have chosen, so many are passed on. */
const longestComplaint = 300;

/**
 * Why a bucket could not be mounted, from what its filer said last. The filer has tried several times, so that callers are told and
 * nothing is tried again. Pure.
 */
export function bucketFailure(bucket: Named, said: string): AppError {
  const what = `${named(bucket)} could not be mounted at ${bucket.mountPath}`;
  if (said.includes("invalid credentials")) {
    return new AppError(
      "BUCKET_REFUSED",
      `${what}: it refuses ${bucket.credentials ? "these credentials" : "whoever has none"}.`,
      {
        status: "FAILED_PRECONDITION",
        remedy: bucket.credentials
          ? "Check the keys in the mount's secret, their region (AWS_REGION), and that they may list the bucket."
          : "Give the mount a secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
      },
    );
  }
  if (said.includes("not found")) {
    return new AppError("BUCKET_REFUSED", `${what}: it is not there.`, {
      status: "FAILED_PRECONDITION",
      remedy:
        "Check the bucket's name, the address of its service, and the region that its secret names (AWS_REGION).",
    });
  }
  if (said.includes("unable to connect")) {
    return new AppError("BUCKET_UNREACHABLE", `${what}: nothing answers there.`, {
      status: "FAILED_PRECONDITION",
      remedy:
        "Check the address. Containers, and the buckets they mount, do not reach the machine they run on.",
    });
  }
  return new AppError("BUCKET_REFUSED", `${what}: ${plain(said) || "its filer ended without a word"}.`, {
    status: "UNAVAILABLE",
    remedy: "The log of the bucket's service may say more.",
  });
}

/** It has been asked, and says nothing. */
export function bucketSilent(bucket: Named, waitedMs: number): AppError {
  return new AppError(
    "BUCKET_UNREACHABLE",
    `${named(bucket)} could not be mounted at ${bucket.mountPath}: it did not answer within ${waitedMs / 1000} s.`,
    { status: "FAILED_PRECONDITION", remedy: "Check that the service is up, and that its address is right." },
  );
}

/** What served it has ended under a container. */
export function bucketLost(bucket: Named, said: string): AppError {
  const because = plain(said);
  return new AppError(
    "BUCKET_LOST",
    `The mount of ${named(bucket)} at ${bucket.mountPath} broke off${because && `: ${because}`}.`,
    { status: "UNAVAILABLE", remedy: "Another container mounts it anew." },
  );
}

function named({ bucket, endpointUrl, keyPrefix }: Named): string {
  const at = `bucket "${bucket}" of ${endpointUrl}`;
  return keyPrefix === "" ? at : `${at}, below "${keyPrefix}",`;
}

/** A line of the filer's log without its time and place, and without anything that a terminal would act on. */
function plain(line: string): string {
  return line
    .replace(/^\S+ \[\w+\] \S+: /, "")
    .replaceAll(/\p{C}/gu, " ")
    .trim()
    .slice(0, longestComplaint)
    .replace(/\.$/, "");
}
