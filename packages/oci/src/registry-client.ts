import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "@dorian/base/app-error";
import type { RegistryCredentials } from "@dorian/operator/registry-settings";
import { settleAll } from "./settle-all.ts";
import { manifestTypes, maxManifestBytes } from "./manifest.ts";
import { authorize } from "./registry-authorization.ts";
import type { RegistryTransport } from "./registry-transport.ts";
import { smallBody } from "./small-body.ts";

export interface RegistryClientOptions {
  /** Address of the registry or of a mirror, without a slash at the end. */
  endpoint: string;
  repository: string;
  credentials: RegistryCredentials | undefined;
  transport: RegistryTransport;
}

/** Milliseconds a registry may take for its first answer before the next place is tried. */
const probeTimeoutMs = 4_000;

/** Reads one repository of a registry that speaks the OCI distribution protocol. */
export class RegistryClient {
  #options: RegistryClientOptions;
  #authorization: string | undefined;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  /**
   * A manifest by tag or digest.
   *
   * @throws AppError IMAGE_NOT_FOUND, REGISTRY_ACCESS_DENIED, REGISTRY_UNREACHABLE, REGISTRY_CONTENT_CORRUPT, ANSWER_TOO_LARGE
   */
  async manifest(
    reference: string,
    options: { signal: AbortSignal },
  ): Promise<{ body: string; digest: string }> {
    const response = await this.#get(`manifests/${reference}`, {
      headers: { accept: manifestTypes.join(", ") },
      timeoutMs: probeTimeoutMs,
      ...options,
    });
    const what = `The manifest ${reference} of ${this.#options.repository}`;
    const body = await smallBody(response, { maxBytes: maxManifestBytes, what });
    const digest = digestOf(body);
    const expected = reference.startsWith("sha256:") ? reference : response.headers["docker-content-digest"];
    if (expected !== undefined && expected !== digest) throw corrupt(this.#options, String(expected), digest);
    return { body, digest };
  }

  /**
   * Fetches a blob and hands its bytes to `consume`, as many as it is said to have; fails in the end when they do not
   * have the digest.
   *
   * @throws AppError REGISTRY_CONTENT_CORRUPT, and as for a manifest
   */
  async blob(
    { digest, size }: { digest: string; size: number },
    options: {
      consume: (bytes: Readable) => Promise<void>;
      onBytes?: (count: number) => void;
      signal: AbortSignal;
    },
  ): Promise<void> {
    const { signal, consume, onBytes } = options;
    const response = await this.#get(`blobs/${digest}`, { headers: {}, signal });
    const hash = createHash("sha256");
    let received = 0;
    const tooLong = () => corrupt(this.#options, `${size} bytes`, `more than ${size} bytes`);
    const meter = new Transform({
      transform(chunk: Buffer, _, done) {
        received += chunk.length;
        if (received > size) return done(tooLong());
        hash.update(chunk);
        onBytes?.(chunk.length);
        return done(null, chunk);
      },
    });
    await settleAll([pipeline(response, meter, { signal }), consume(meter)]);
    const actual = `sha256:${hash.digest("hex")}`;
    if (actual !== digest) throw corrupt(this.#options, digest, actual);
  }

  async #get(
    path: string,
    options: { headers: Record<string, string>; signal: AbortSignal; timeoutMs?: number },
  ): Promise<IncomingMessage> {
    const { endpoint, repository, transport, credentials } = this.#options;
    const url = `${endpoint}/v2/${repository}/${path}`;
    const ask = () =>
      transport.get(url, {
        ...options,
        headers: {
          ...options.headers,
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        },
      });
    let response = await ask();
    const challenge = response.headers["www-authenticate"];
    if (response.statusCode === 401 && challenge !== undefined) {
      // A token may have run out, so a challenge is answered at any time.
      response.destroy();
      const { signal } = options;
      this.#authorization = await authorize(challenge, { transport, credentials, repository, signal });
      response = await ask();
    }
    if (response.statusCode === 200) return response;
    response.destroy();
    throw refusal(this.#options, path, response.statusCode ?? 0);
  }
}

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function refusal({ endpoint, repository }: RegistryClientOptions, path: string, status: number): AppError {
  const where = new URL(endpoint).host;
  if (status === 404) {
    return new AppError("IMAGE_NOT_FOUND", `${where} has no ${repository} with ${path}.`, {
      status: "NOT_FOUND",
      remedy: "Check the image's name and tag.",
    });
  }
  if (status === 401 || status === 403) {
    return new AppError(
      "REGISTRY_ACCESS_DENIED",
      `${where} refuses access to ${repository}, or has no such image.`,
      {
        status: "PERMISSION_DENIED",
        remedy: "Check the image's name; for a private one log in on the worker's machine (`docker login`).",
      },
    );
  }
  return new AppError("REGISTRY_UNREACHABLE", `${where} answered with status ${status} for ${repository}.`, {
    status: "UNAVAILABLE",
    remedy: "Try again later, or name a mirror in DORIAN_REGISTRY_MIRRORS.",
  });
}

function corrupt(
  { endpoint, repository }: RegistryClientOptions,
  expected: string,
  actual: string,
): AppError {
  const message = `${new URL(endpoint).host} sent ${actual} for ${repository}, where ${expected} was asked for.`;
  return new AppError("REGISTRY_CONTENT_CORRUPT", message, {
    status: "DATA_LOSS",
    remedy: "Try again; if it stays, the registry or a proxy before it alters what it sends.",
  });
}
