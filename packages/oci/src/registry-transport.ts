import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { AppError, messageOf } from "@dorian/base/app-error";
import type { FetchGuard } from "@dorian/operator/fetch-guard";

const maxRedirects = 5;

export interface RegistryTransportOptions {
  /** Proxies, as environment variables. */
  proxyEnv: Record<string, string>;
  /** Certificates to trust besides the well-known ones, in PEM form. */
  certificates: string | undefined;
  /** Judges every place before it is asked, those of redirects too. */
  guard: FetchGuard;
  /** Milliseconds without a sign of life until a server counts as unreachable. Default 30 s. */
  idleTimeoutMs?: number;
}

/** HTTP to registries: through the operator's proxies, with the operator's certificates, following redirects. */
export class RegistryTransport implements Disposable {
  #http: HttpAgent;
  #https: HttpsAgent;
  #guard: FetchGuard;
  #idleTimeoutMs: number;

  constructor(options: RegistryTransportOptions) {
    const common = { keepAlive: true, maxSockets: 8, proxyEnv: options.proxyEnv };
    this.#http = new HttpAgent(common);
    this.#https = new HttpsAgent({
      ...common,
      ...(options.certificates === undefined ? {} : { ca: [...rootCertificates, options.certificates] }),
    });
    this.#guard = options.guard;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
  }

  /**
   * The answer to a GET, whatever its status. The caller reads the body or destroys it.
   *
   * @throws AppError REGISTRY_UNREACHABLE when there is no answer; FETCH_REFUSED
   */
  async get(
    url: string,
    options: { headers: Record<string, string>; signal: AbortSignal; timeoutMs?: number },
  ): Promise<IncomingMessage> {
    let place = new URL(url);
    let headers = options.headers;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await this.#request(place, { ...options, headers });
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined)
        return response;
      response.destroy();
      const next = URL.parse(location, place.href);
      if (!next) throw unreachable(place, `it redirects to "${location.slice(0, 100)}"`, undefined);
      // Storage behind a registry has authorisation of its own in the address, and must not see the registry's.
      if (next.host !== place.host) {
        headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
      }
      place = next;
    }
    throw unreachable(place, "it redirects in a circle", undefined);
  }

  /** The answer to a POST, whatever its status. @throws AppError REGISTRY_UNREACHABLE when there is no answer; FETCH_REFUSED */
  post(
    url: string,
    options: { headers: Record<string, string>; body: string; signal: AbortSignal },
  ): Promise<IncomingMessage> {
    return this.#request(new URL(url), { ...options, method: "POST" });
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #request(
    url: URL,
    options: {
      headers: Record<string, string>;
      signal: AbortSignal;
      timeoutMs?: number;
      method?: "POST";
      body?: string;
    },
  ): Promise<IncomingMessage> {
    const { signal, headers, method = "GET", body } = options;
    if (!["http:", "https:"].includes(url.protocol)) {
      return Promise.reject(unreachable(url, `${url.protocol} is not spoken here`, undefined));
    }
    return new Promise((resolve, reject) => {
      const init = {
        method,
        headers: { "user-agent": "dorian", ...headers },
        signal,
        ...this.#guard.requestOptions(url),
      };
      const request =
        url.protocol === "https:"
          ? httpsRequest(url, { ...init, agent: this.#https })
          : httpRequest(url, { ...init, agent: this.#http });
      request.setTimeout(options.timeoutMs ?? this.#idleTimeoutMs, () => {
        request.destroy(new Error("it does not answer"));
      });
      request.once("response", (response) => {
        request.setTimeout(this.#idleTimeoutMs);
        resolve(response);
      });
      request.once("error", (error) => {
        if (signal.aborted) reject(signal.reason);
        else reject(AppError.is(error) ? error : unreachable(url, messageOf(error), error));
      });
      request.end(body);
    });
  }
}

function unreachable(url: URL, why: string, cause: unknown): AppError {
  return new AppError("REGISTRY_UNREACHABLE", `The registry ${url.host} cannot be reached: ${why}.`, {
    status: "UNAVAILABLE",
    remedy: "Check the network, or name a mirror in DORIAN_REGISTRY_MIRRORS.",
    cause,
  });
}
