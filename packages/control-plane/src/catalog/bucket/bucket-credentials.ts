import { AppError } from "@dorian/base/app-error";
import type { BucketCredentials } from "@dorian/protocol/worker";

/** By what names a secret may have them, the usual ones first. */
const names = {
  accessKeyId: ["AWS_ACCESS_KEY_ID", "GOOGLE_ACCESS_KEY_ID"],
  secretAccessKey: ["AWS_SECRET_ACCESS_KEY", "GOOGLE_ACCESS_KEY_SECRET"],
  sessionToken: ["AWS_SESSION_TOKEN"],
  region: ["AWS_REGION", "AWS_DEFAULT_REGION"],
} as const;

export interface BucketAccess {
  /** Undefined for a bucket that is open to everybody. */
  credentials: BucketCredentials | undefined;
  /** Empty where the secret names none. */
  region: string;
}

const printable = /^[\x21-\x7e]*$/;

/** What a secret's variables say of how a bucket is to be asked. Pure. @throws AppError BUCKET_SECRET_INVALID */
export function bucketAccess(
  { mountPath, isOpenToAll }: { mountPath: string; isOpenToAll: boolean },
  env: Readonly<Record<string, string>>,
): BucketAccess {
  const valueOf = (what: keyof typeof names) =>
    names[what].map((name) => env[name]?.trim()).find(Boolean) ?? "";
  const region = valueOf("region");
  if (!/^[a-z0-9-]*$/i.test(region))
    throw invalid(mountPath, "names a region that cannot be one in AWS_REGION");
  if (isOpenToAll) return { credentials: undefined, region };
  for (const what of ["accessKeyId", "secretAccessKey"] as const) {
    if (valueOf(what) === "") throw invalid(mountPath, `has no ${names[what][0]}`);
  }
  const credentials = {
    $typeName: "dorian.worker.BucketCredentials" as const,
    accessKeyId: valueOf("accessKeyId"),
    secretAccessKey: valueOf("secretAccessKey"),
    sessionToken: valueOf("sessionToken"),
  };
  const odd = Object.values(credentials).some((value) => !printable.test(value));
  if (odd) throw invalid(mountPath, "has a key with blanks or other characters that no key has");
  return { credentials, region };
}

function invalid(mountPath: string, what: string): AppError {
  return new AppError("BUCKET_SECRET_INVALID", `The secret of the bucket at "${mountPath}" ${what}.`, {
    status: "FAILED_PRECONDITION",
    remedy:
      "Put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into it, and AWS_REGION where the service has regions; or leave the secret out for a bucket that everybody may read.",
  });
}
