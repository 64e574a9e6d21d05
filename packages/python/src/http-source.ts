import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError, messageOf } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";
import type { FetchGuard } from "@dorian/operator/fetch-guard";

export interface HttpSourceOptions {
  /** Proxies, by the usual names of their variables. */
  proxyEnv: Record<string, string>;
  /** Certificates to trust, in PEM form, in place of those that Node comes with. */
  certificates?: string | undefined;
  /** Addresses that carry user name and password; these are sent to their hosts, and to no others. */
  logins: readonly string[];
  /** Host names whose certificates are not checked. */
  trustedHosts: readonly string[];
  /** How long a connection may be silent. */
  timeoutMs: number;
  /** How often a request is tried again that failed on the way. */
  retries: number;
  /** Judges every place before it is asked, those of redirects too. */
  guard: FetchGuard;
}

export interface HttpGetOptions {
  accept?: string;
  signal: AbortSignal;
}

export interface HttpAnswer {
  /** Where it came from in the end, without credentials. */
  url: string;
  status: number;
  contentType: string;
  body: Readable;
}

const maxRedirects = 10;

/** Fetches over HTTP as the operator's machine is set up to. */
export class HttpSource implements Disposable {
  #options: HttpSourceOptions;
  #http: HttpAgent;
  #https: HttpsAgent;
  #unchecked: HttpsAgent;
  /** By host. */
  #logins = new Map<string, string>();

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    const shared = { keepAlive: true, proxyEnv: options.proxyEnv };
    const ca = options.certificates === undefined ? {} : { ca: options.certificates };
    this.#http = new HttpAgent(shared);
    this.#https = new HttpsAgent({ ...shared, ...ca });
    this.#unchecked = new HttpsAgent({ ...shared, rejectUnauthorized: false });
    for (const login of options.logins) {
      const credentials = URL.canParse(login) ? credentialsOf(new URL(login)) : undefined;
      if (credentials !== undefined) this.#logins.set(new URL(login).host, credentials);
    }
  }

  /**
   * Hands the answer to `read`. Follows redirects; what failed on the way, in `read` as well, is tried again. The answer
   * may have any status below 500 but 429.
   *
   * @throws AppError HTTP_SOURCE_UNREACHABLE, FETCH_REFUSED, and what `read` throws of that class.
   */
  async get<T>(url: string, options: HttpGetOptions, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const delays = backoff({ firstMs: 200, maxMs: 5_000 });
    for (let left = this.#options.retries; ; left--) {
      try {
        const answer = await this.#follow(new URL(url), options);
        try {
          return await read(answer);
        } finally {
          answer.body.destroy();
        }
      } catch (error) {
        options.signal.throwIfAborted();
        if (AppError.is(error)) throw error;
        if (left <= 0) throw unreachable(url, error);
      }
      await sleep(delays.next(), { signal: options.signal });
    }
  }

  [Symbol.dispose](): void {
    for (const agent of [this.#http, this.#https, this.#unchecked]) agent.destroy();
  }

  async #follow(start: URL, options: HttpGetOptions): Promise<HttpAnswer> {
    let url = start;
    for (let left = maxRedirects; left > 0; left--) {
      const response = await this.#request(url, options);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.destroy();
        url = new URL(headers.location, url);
        continue;
      }
      if (statusCode >= 500 || statusCode === 429) {
        response.destroy();
        throw new Error(`it answered with status ${statusCode}`);
      }
      return {
        url: withoutCredentials(url.href),
        status: statusCode,
        contentType: headers["content-type"] ?? "",
        body: decoded(response),
      };
    }
    throw new Error(`it redirects more than ${maxRedirects} times`);
  }

  async #request(url: URL, options: HttpGetOptions): Promise<IncomingMessage> {
    const credentials = credentialsOf(url) ?? this.#logins.get(url.host);
    const { timeoutMs, trustedHosts, guard } = this.#options;
    const isTrusted = trustedHosts.includes(url.hostname) || trustedHosts.includes(url.host);
    const started = Promise.withResolvers<IncomingMessage>();
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(withoutCredentials(url.href), {
      agent: url.protocol === "http:" ? this.#http : isTrusted ? this.#unchecked : this.#https,
      signal: options.signal,
      ...guard.requestOptions(url),
      timeout: timeoutMs,
      headers: {
        "user-agent": "dorian",
        accept: options.accept ?? "*/*",
        ...(options.accept === undefined ? {} : { "accept-encoding": "gzip" }),
        ...(credentials === undefined ? {} : { authorization: `Basic ${credentials}` }),
      },
    });
    request.on("response", started.resolve);
    request.on("error", started.reject);
    request.on("timeout", () => request.destroy(new Error(`it was silent for ${timeoutMs / 1000} s`)));
    request.end();
    return await started.promise;
  }
}

/** The address without user name and password, for messages. */
export function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

function credentialsOf(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const text = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return Buffer.from(text).toString("base64");
}

function decoded(response: IncomingMessage): Readable {
  if (response.headers["content-encoding"] !== "gzip") return response;
  const text = createGunzip();
  response.on("error", (error) => text.destroy(error));
  return response.pipe(text);
}

function unreachable(url: string, cause: unknown): AppError {
  const place = withoutCredentials(url);
  return new AppError("HTTP_SOURCE_UNREACHABLE", `${place} cannot be reached: ${messageOf(cause)}`, {
    remedy:
      "Check the network, the proxy variables and pip's settings on this machine (PIP_INDEX_URL, PIP_CERT), or put the files into a directory that PIP_FIND_LINKS names.",
    cause,
  });
}
