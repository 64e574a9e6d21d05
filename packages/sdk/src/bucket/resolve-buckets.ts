import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { CloudBucketMount_BucketType, type CloudBucketMountSchema } from "@dorian/protocol/modal";
import type { Transport } from "../client/transport.ts";
import { resolveSecrets } from "../secret/resolve-secrets.ts";
import { CloudBucketMount } from "./cloud-bucket-mount.ts";

export type BucketMountInit = Exclude<MessageInitShape<typeof CloudBucketMountSchema>, Message>;

type ResolveOptions = Parameters<typeof resolveSecrets>[2];

/** The buckets among what is mounted, as the server is told of them. */
export async function resolveBuckets(
  modal: Transport["modal"],
  mounts: Readonly<Record<string, object>>,
  options: ResolveOptions,
): Promise<BucketMountInit[]> {
  const buckets = Object.entries(mounts).flatMap(([path, mount]) =>
    mount instanceof CloudBucketMount ? [[path, mount] as const] : [],
  );
  return await Promise.all(buckets.map(([path, mount]) => bucketInit(modal, path, mount, options)));
}

async function bucketInit(
  modal: Transport["modal"],
  mountPath: string,
  { bucketName, options: asked }: CloudBucketMount,
  options: ResolveOptions,
): Promise<BucketMountInit> {
  const { secret, keyPrefix, endpointUrl, metadataTtl } = asked;
  const [credentialsSecretId = ""] = secret ? await resolveSecrets(modal, [secret], options) : [];
  return {
    mountPath,
    bucketName,
    bucketType: CloudBucketMount_BucketType.S3,
    credentialsSecretId,
    readOnly: asked.readOnly ?? false,
    requesterPays: asked.requesterPays ?? false,
    forcePathStyle: asked.forcePathStyle ?? false,
    ...(keyPrefix && { keyPrefix }),
    ...(endpointUrl && { bucketEndpointUrl: endpointUrl }),
    ...(metadataTtl !== undefined && {
      metadataTtlOneof: { case: "metadataTtlSeconds" as const, value: BigInt(Math.round(metadataTtl)) },
    }),
  };
}
