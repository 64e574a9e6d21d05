import type { TaskBucket } from "@dorian/protocol/worker";

const mebibyte = 1024 * 1024;

/** Memory in which a filer keeps what is read of large files; when it is full it forgets and fetches again. */
export const readMemoryBytes = 256 * mebibyte;
/** What is left of that memory free: one piece for each of five requests, and some. */
const readReserveMb = 100;
const readPieceMb = 10;
/** A file is uploaded in at most 10,000 pieces: with these it may have 320 GB. */
const writePieceMb = 32;

/** Seconds without a connection, or without a byte, after which a request is given up, and how often one is made. */
const connectSecs = 10;
const silenceSecs = 20;
const tries = 3;

/** Where the filer finds the certificates that the operator trusts. */
const certificatesPath = "/etc/certificates.crt";

export interface FilerSetting {
  /** User and group of the filer, to whom all files belong. */
  owner: number;
  /** Of the disk on which it keeps what is being written: it leaves so much free. */
  diskReserveBytes: number;
}

/** The command line of the filer of a bucket: `s3fs`. Pure. */
export function filerCommand(bucket: TaskBucket, { owner, diskReserveBytes }: FilerSetting): string[] {
  const prefix = bucket.keyPrefix.replace(/\/$/, "");
  const options = [
    `url=${bucket.endpointUrl}`,
    ...(bucket.region === "" ? [] : [`endpoint=${bucket.region}`]),
    ...(bucket.pathStyle ? ["use_path_request_style"] : []),
    ...(bucket.requesterPays ? ["requester_pays"] : []),
    ...(bucket.credentials ? [] : ["public_bucket=1"]),
    ...(bucket.credentials?.sessionToken ? ["use_session_token"] : []),
    "allow_other",
    // Whoever they belong to in the bucket, every user of the container may read them, and write where it is not read-only.
    `uid=${owner}`,
    `gid=${owner}`,
    "umask=0",
    "tmpdir=/tmp",
    `stat_cache_expire=${bucket.metadataTtlSecs}`,
    `connect_timeout=${connectSecs}`,
    `readwrite_timeout=${silenceSecs}`,
    `retries=${tries}`,
    ...(bucket.readOnly
      ? [`multipart_size=${readPieceMb}`, `ensure_diskfree=${readReserveMb}`]
      : [`multipart_size=${writePieceMb}`, `ensure_diskfree=${Math.ceil(diskReserveBytes / mebibyte)}`]),
    // What makes libfuse ask its helper for the connection at once.
    "auto_unmount",
  ];
  return [
    "s3fs",
    prefix === "" ? bucket.bucket : `${bucket.bucket}:/${prefix}`,
    "/mnt",
    "-f",
    "-o",
    options.join(","),
  ];
}

/** The environment of the filer: what proves who it is, and the operator's way out. */
export function filerEnvironment(
  bucket: Pick<TaskBucket, "credentials">,
  operator: { env: Readonly<Record<string, string>>; hasCertificates: boolean },
): Record<string, string> {
  const { credentials } = bucket;
  const proxies = Object.entries(operator.env).filter(([name]) => /^(https?|no|all)_proxy$/i.test(name));
  return {
    ...Object.fromEntries(proxies),
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/",
    LC_ALL: "C",
    ...(operator.hasCertificates && { CURL_CA_BUNDLE: certificatesPath }),
    ...(credentials && {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...(credentials.sessionToken !== "" && { AWS_SESSION_TOKEN: credentials.sessionToken }),
    }),
  };
}
