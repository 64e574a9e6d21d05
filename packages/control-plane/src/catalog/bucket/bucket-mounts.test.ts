import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { CloudBucketMount_BucketType, CloudBucketMountSchema } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { checkBucketMounts, taskBuckets } from "./bucket-mounts.ts";

const keys = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "key" };

type Init = Omit<MessageInitShape<typeof CloudBucketMountSchema>, "$typeName" | "$unknown">;

function mount(more: Init = {}) {
  return create(CloudBucketMountSchema, {
    bucketName: "pets",
    mountPath: "/pets",
    credentialsSecretId: "st-1",
    ...more,
  } as MessageInitShape<typeof CloudBucketMountSchema>);
}

function told(more: Init = {}, env: Record<string, string> = keys) {
  return taskBuckets([mount(more)], { env: () => env })[0];
}

test("a bucket of Amazon's is asked for in the region that its secret names", () => {
  expect(told()).toMatchObject({ endpointUrl: "https://s3.amazonaws.com", region: "", pathStyle: false });
  expect(told({}, { ...keys, AWS_REGION: "eu-central-1" })).toMatchObject({
    endpointUrl: "https://s3.eu-central-1.amazonaws.com",
    region: "eu-central-1",
    credentials: { accessKeyId: "AKID", secretAccessKey: "key", sessionToken: "" },
    metadataTtlSecs: 1,
  });
});

test("services without regions are told so, and Google's keys have names of their own", () => {
  const google = { GOOGLE_ACCESS_KEY_ID: "GOOG", GOOGLE_ACCESS_KEY_SECRET: "key" };
  const asked = {
    bucketEndpointUrl: "https://storage.googleapis.com",
    bucketType: CloudBucketMount_BucketType.GCP,
  };
  expect(told(asked, google)).toMatchObject({ region: "auto", credentials: { accessKeyId: "GOOG" } });
  expect(told({ bucketEndpointUrl: "https://acc.r2.cloudflarestorage.com" })).toMatchObject({
    region: "auto",
  });
});

test.each([
  [{ bucketEndpointUrl: "http://198.18.0.2:8333" }, true],
  [{ bucketEndpointUrl: "http://minio:9000/" }, true],
  [{ bucketEndpointUrl: "https://s3.example.com" }, false],
  [{ bucketEndpointUrl: "https://s3.example.com", forcePathStyle: true }, true],
  [{ bucketName: "my.pets" }, true],
])("of %j the bucket's name stands in the path: %s", (asked, pathStyle) => {
  expect(told(asked)).toMatchObject({ pathStyle });
});

test("a bucket without a secret is asked for as anybody, and how long objects are known is bounded", () => {
  expect(told({ credentialsSecretId: "" }, {})?.credentials).toBeUndefined();
  const ttl = (value: bigint) => told({ metadataTtlOneof: { case: "metadataTtlSeconds", value } });
  expect(ttl(60n)?.metadataTtlSecs).toBe(60);
  expect(ttl(0n)?.metadataTtlSecs).toBe(1);
  expect(ttl(2n ** 63n)?.metadataTtlSecs).toBe(365 * 24 * 3600);
});

test.each<[Init, string]>([
  [{ bucketName: "pets,allow_other" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketName: "-o" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketName: "pets:/other" }, "BUCKET_MOUNT_INVALID"],
  [{ keyPrefix: "data" }, "BUCKET_MOUNT_INVALID"],
  [{ keyPrefix: "/data/" }, "BUCKET_MOUNT_INVALID"],
  [{ keyPrefix: "data/../" }, "BUCKET_MOUNT_INVALID"],
  [{ keyPrefix: "da\nta/" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "file:///etc/passwd" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://s3.example.com/x,uid=0" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://user@s3.example.com" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://s3.example.com,no_check_certificate" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://s3.example.com%2Curl=x" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://s3.example.com，url=x" }, "BUCKET_MOUNT_INVALID"],
  [{ bucketEndpointUrl: "https://s3$(id).example.com" }, "BUCKET_MOUNT_INVALID"],
  [{ requesterPays: true, credentialsSecretId: "" }, "BUCKET_MOUNT_INVALID"],
  [{ oidcAuthRoleArn: "arn:aws:iam::1:role/x" }, "FUNCTION_FEATURE_UNSUPPORTED"],
  [{ mountPath: "/proc/x" }, "VOLUME_MOUNT_INVALID"],
  [{ mountPath: "/vol/inner" }, "VOLUME_MOUNT_INVALID"],
])("%j is refused before anything runs: %s", (asked, code) => {
  expect(() => checkBucketMounts([mount(asked)], [{ mountPath: "/vol" }], { env: () => keys })).toThrow(
    expect.objectContaining({ code }),
  );
});

test.each([
  [{ AWS_ACCESS_KEY_ID: "AKID" }, /has no AWS_SECRET_ACCESS_KEY/],
  [{}, /has no AWS_ACCESS_KEY_ID/],
  [{ ...keys, AWS_REGION: "eu,uid=0" }, /AWS_REGION/],
  [{ ...keys, AWS_SECRET_ACCESS_KEY: "a\nb" }, /blanks/],
])("a secret with %j is refused", (env, reason) => {
  expect(() => told({}, env as Record<string, string>)).toThrow(reason);
});
