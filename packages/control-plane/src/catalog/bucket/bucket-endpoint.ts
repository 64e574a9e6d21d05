import { isIP } from "node:net";
import { AppError } from "@dorian/base/app-error";
import { CloudBucketMount_BucketType as BucketType, type CloudBucketMount } from "@dorian/protocol/modal";

type Asked = Pick<
  CloudBucketMount,
  "bucketName" | "bucketType" | "bucketEndpointUrl" | "forcePathStyle" | "mountPath"
>;

export interface BucketEndpoint {
  /** Scheme, host and port. */
  url: string;
  /** Empty: the service's usual one. */
  region: string;
  /** The bucket's name stands in the path of requests, not in front of the host's. */
  pathStyle: boolean;
}

/** Others are legal in an address, such as the comma, behind which its filer would read an option of its own. */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/** Where a bucket is asked for. `region` is what its secret names. Pure. @throws AppError BUCKET_MOUNT_INVALID */
export function bucketEndpoint(mount: Asked, region: string): BucketEndpoint {
  const { bucketEndpointUrl: given = "", bucketName, forcePathStyle } = mount;
  if (given === "") {
    const url = region === "" ? "https://s3.amazonaws.com" : `https://s3.${region}.amazonaws.com`;
    return { url, region, pathStyle: forcePathStyle || bucketName.includes(".") };
  }
  const endpoint = URL.parse(given);
  const isPlain =
    endpoint !== null &&
    ["http:", "https:"].includes(endpoint.protocol) &&
    `${endpoint.origin}/` === endpoint.href &&
    plainHost.test(endpoint.hostname);
  if (!isPlain) throw addressInvalid(mount, given);
  const { hostname, origin } = endpoint;
  const isAlone = isIP(hostname.replaceAll(/[[\]]/g, "")) > 0 || !hostname.includes(".");
  return {
    url: origin,
    region: region || (hasNoRegions(mount, hostname) ? "auto" : ""),
    // A certificate for names below the host's covers one more step, and nothing lies below an address.
    pathStyle: forcePathStyle || isAlone || bucketName.includes("."),
  };
}

function hasNoRegions({ bucketType }: Asked, hostname: string): boolean {
  return (
    bucketType === BucketType.R2 ||
    bucketType === BucketType.GCP ||
    /\.r2\.cloudflarestorage\.com$|(^|\.)storage\.googleapis\.com$/.test(hostname)
  );
}

function addressInvalid({ mountPath }: Asked, given: string): AppError {
  return new AppError(
    "BUCKET_MOUNT_INVALID",
    `The bucket at "${mountPath}" has the endpoint "${given}", which is not the address of a service.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: 'Give scheme and host alone, such as "https://s3.eu-central-1.amazonaws.com".',
    },
  );
}
