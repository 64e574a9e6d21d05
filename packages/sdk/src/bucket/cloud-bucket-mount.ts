import { AppError } from "@dorian/base/app-error";
import type { Secret } from "../secret/secret.ts";

/** How a bucket is asked for, and what of it is seen. */
export interface CloudBucketMountOptions {
  /** Only objects whose keys begin with it are seen, without it. It ends with a slash: `"data/2026/"`. Default: all. */
  keyPrefix?: string;
  /** Scheme and host of a service that speaks S3's protocol: `"https://ACCOUNT.r2.cloudflarestorage.com"`. Default: Amazon's. */
  endpointUrl?: string;
  /**
   * Has `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or Google's `GOOGLE_ACCESS_KEY_ID` and `GOOGLE_ACCESS_KEY_SECRET`;
   * where they are temporary `AWS_SESSION_TOKEN`, and where the service has regions `AWS_REGION`. The container itself is not given
   * them. Default: none, for a bucket that everybody may read.
   */
  secret?: Secret;
  /** Nothing can be written. Default false. */
  readOnly?: boolean;
  /** Requests are paid by whom the secret is of, not by the bucket's owner. Default false. */
  requesterPays?: boolean;
  /**
   * The bucket's name stands in the path of requests, not in front of the host's. Default false, but for hosts without a domain
   * and for names with a dot.
   */
  forcePathStyle?: boolean;
  /** Seconds, at least 1, for which what is known of an object is not asked again. Default 1. */
  metadataTtl?: number;
}

/**
 * A bucket of an object store that containers see as a directory, among the `volumes` of a function or class. Reads are fetched as they
 * are made; a file that was written is an object once it is closed, and `close` fails where it could not be stored.
 *
 * @throws AppError when the app is deployed BUCKET_MOUNT_INVALID, BUCKET_SECRET_INVALID; when a container starts
 * BUCKET_REFUSED, BUCKET_UNREACHABLE
 * @example
 * const pictures = new CloudBucketMount("pictures", {
 *   endpointUrl: "https://s3.eu-central-1.amazonaws.com",
 *   keyPrefix: "cats/",
 *   secret: Secret.fromName("aws"),
 *   readOnly: true,
 * });
 * const count = app.function({ name: "count", volumes: { "/pictures": pictures } }, async () => {
 *   return (await readdir("/pictures")).length;
 * });
 */
export class CloudBucketMount {
  /** Of the bucket. */
  readonly bucketName: string;
  /** @internal */
  readonly options: Readonly<CloudBucketMountOptions>;

  /**
   * Nothing is asked of the bucket here.
   *
   * @throws AppError BUCKET_OPTION_INVALID
   */
  constructor(bucketName: string, options: CloudBucketMountOptions = {}) {
    const { keyPrefix = "", metadataTtl = 1, requesterPays, secret } = options;
    const refuse = (what: string, remedy: string) => {
      throw new AppError("BUCKET_OPTION_INVALID", `The mount of bucket "${bucketName}" ${what}.`, {
        status: "INVALID_ARGUMENT",
        remedy,
      });
    };
    if (keyPrefix !== "" && (!keyPrefix.endsWith("/") || keyPrefix.startsWith("/")))
      refuse(
        `has keyPrefix: ${JSON.stringify(keyPrefix)}`,
        'End it with a slash, and begin without one: "data/2026/".',
      );
    if (!(metadataTtl >= 1))
      refuse(`has metadataTtl: ${metadataTtl}`, "It must be a number of seconds, at least 1.");
    if (requesterPays && !secret)
      refuse("lets its requesters pay, and does not say who they are", "Give it a secret.");
    this.bucketName = bucketName;
    this.options = { ...options };
  }
}
