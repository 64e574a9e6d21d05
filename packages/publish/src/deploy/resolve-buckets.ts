import type { CloudBucketMount, Volume } from "@dorian/sdk";
import { type BucketMountInit, resolveBuckets as resolve } from "@dorian/sdk/bucket/resolve-buckets";
import type { DeploySession } from "./deploy-session.ts";

/** The buckets among what is mounted, as the server is told of them. */
export function resolveBuckets(
  session: DeploySession,
  mounts: Readonly<Record<string, Volume | CloudBucketMount>> = {},
): Promise<BucketMountInit[]> {
  return resolve(session.modal, mounts, { appId: session.appId, signal: session.signal });
}
