import { createHash, createHmac } from "node:crypto";
import { AppError } from "@dorian/base/app-error";
import type { RegistryCredentials } from "@dorian/operator/registry-settings";
import type { RegistryTransport } from "./registry-transport.ts";
import { parseAnswer, shown, smallBody } from "./small-body.ts";

/** Keys of a user of AWS. */
export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | undefined;
  region: string;
}

const maxAnswerBytes = 256 * 1024;
const target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

/**
 * Exchanges the keys of an AWS user for a login at their registry, which lasts for some hours.
 *
 * @throws AppError REGISTRY_SECRET_INVALID, REGISTRY_ACCESS_DENIED
 */
export async function ecrCredentials(
  keys: AwsKeys,
  options: { transport: RegistryTransport; signal: AbortSignal; now?: Date },
): Promise<RegistryCredentials> {
  checkRegion(keys.region);
  const host = `api.ecr.${keys.region}.amazonaws.com`;
  const body = "{}";
  const headers = signedHeaders({ keys, host, body, service: "ecr", target, now: options.now ?? new Date() });
  const response = await options.transport.post(`https://${host}/`, {
    headers,
    body,
    signal: options.signal,
  });
  const what = `The login that ${host} gave`;
  const answer = await smallBody(response, { maxBytes: maxAnswerBytes, what });
  const token = response.statusCode === 200 ? tokenIn(answer, what) : undefined;
  if (token === undefined) {
    throw new AppError(
      "REGISTRY_ACCESS_DENIED",
      `${host} gave no login for its registry (status ${response.statusCode}): ${answer.slice(0, 300)}`,
      {
        status: "PERMISSION_DENIED",
        remedy: "Check the AWS keys in the registry's secret, and that their user may pull.",
      },
    );
  }
  const [username = "", ...rest] = Buffer.from(token, "base64").toString().split(":");
  return { username, password: rest.join(":") };
}

/** Checks a region, which becomes part of a host's name: that must stay one of AWS. */
function checkRegion(region: string): void {
  if (/^[a-z0-9-]+$/.test(region)) return;
  throw new AppError(
    "REGISTRY_SECRET_INVALID",
    `The secret for the registry has "${shown(region)}" as AWS_REGION.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Name the region as AWS does, such as eu-central-1.",
    },
  );
}

/** Headers of a request to a service of AWS, signed by version 4 of its scheme. */
export function signedHeaders(request: {
  keys: AwsKeys;
  host: string;
  body: string;
  service: string;
  target: string;
  now: Date;
}): Record<string, string> {
  const { keys, host, body, service } = request;
  const time = request.now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${keys.region}/${service}/aws4_request`;
  const signed: Record<string, string> = {
    "content-type": "application/x-amz-json-1.1",
    host,
    "x-amz-date": time,
    ...(keys.sessionToken === undefined ? {} : { "x-amz-security-token": keys.sessionToken }),
    "x-amz-target": request.target,
  };
  const names = Object.keys(signed).toSorted();
  const canonical = [
    "POST",
    "/",
    "",
    ...names.map((name) => `${name}:${signed[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  let key: Buffer = Buffer.from(`AWS4${keys.secretAccessKey}`);
  for (const part of scope.split("/")) key = hmac(key, part);
  const signature = hmac(key, toSign).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...signed, authorization };
}

function tokenIn(answer: string, what: string): string | undefined {
  const parsed = parseAnswer(answer, what) as {
    authorizationData?: { authorizationToken?: string }[];
  };
  return parsed.authorizationData?.[0]?.authorizationToken;
}

function sha256(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function hmac(key: Buffer, value: string): Buffer {
  return createHmac("sha256", key).update(value).digest();
}
