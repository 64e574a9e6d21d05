import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import type { TlsTerms } from "@dorian/protocol/listener/tls-terms";
import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { WebPorts } from "../dispatch/ports.ts";
import type { ForwardedTrust } from "./request-origin.ts";
import { WebAddressBook } from "./web-address-book.ts";
import { WebGateway, type WebGatewayOptions } from "./web-gateway.ts";
import { WebListeners, type PortRange } from "./web-listeners.ts";
import type { WebNaming } from "./web-naming.ts";

/** How web functions are reached. */
export interface WebSettings {
  /** Default: from 7100 to 7999. */
  ports?: PortRange;
  /** Host names under a domain in place of ports; all of them lead to the first port. */
  domain?: string;
  /** `https`: the operator's proxy in front of the domain speaks TLS. Default: `http`. */
  scheme?: "http" | "https";
  /** Milliseconds that a client waits for the first byte before it is told to come back. Default: 150 s. */
  redirectAfterMs?: number;
}

export interface WebFrontOptions {
  db: Database;
  /** Where to listen. */
  host: string;
  /** Under which clients reach this machine, as it stands in URLs. */
  publicHost: string;
  tls: TlsTerms | undefined;
  sockets?: KeptSockets | undefined;
  settings: WebSettings;
  isOpen: (appId: string) => boolean;
  labelPrefix: (scope: string) => string;
  logger: Logger;
  nowMs: () => number;
}

const drainMs = 10_000;

export const defaultWebPorts: PortRange = { first: 7100, last: 7999 };

/** Everything between the web and calls of functions. */
export class WebFront implements AsyncDisposable {
  readonly addresses: WebAddressBook;
  #options: WebFrontOptions;
  #listeners: WebListeners;
  #gateway: WebGateway | undefined;

  private constructor(options: WebFrontOptions, listeners: WebListeners, addresses: WebAddressBook) {
    this.#options = options;
    this.#listeners = listeners;
    this.addresses = addresses;
  }

  /** Listens where web functions were reached before. */
  static async open(options: WebFrontOptions): Promise<WebFront> {
    const { settings, host, publicHost, tls, sockets, logger } = options;
    await using starting = new AsyncDisposableStack();
    const range = settings.ports ?? defaultWebPorts;
    const listeners = starting.use(new WebListeners({ host, range, tls, sockets, logger }));
    const naming: WebNaming =
      settings.domain === undefined
        ? { kind: "ports", scheme: tls ? "https" : "http", host: publicHost }
        : {
            kind: "domain",
            domain: settings.domain.toLowerCase(),
            ...portAndScheme(settings.scheme, { tls, port: await listeners.listenOnNext(() => true) }),
          };
    const addresses = await WebAddressBook.open({ ...options, listeners, naming });
    starting.move();
    return new WebFront(options, listeners, addresses);
  }

  /** The ports that containers may be led to: none past a proxy of the operator's, which says who its clients are. */
  get ports(): WebPorts {
    if (this.#trust.kind === "proxied") return { current: () => [], watch: () => undefined };
    return { current: () => this.#listeners.ports, watch: (watcher) => this.#listeners.watch(watcher) };
  }

  get #trust(): ForwardedTrust {
    return this.#options.settings.scheme === "https"
      ? { kind: "proxied", scheme: "https" }
      : { kind: "direct" };
  }

  /** Requests are calls from now on. */
  serve(options: Omit<WebGatewayOptions, "addresses" | "trust" | "logger">): void {
    const { logger, settings } = this.#options;
    const { redirectAfterMs } = settings;
    this.#gateway = new WebGateway({
      ...options,
      ...(redirectAfterMs === undefined ? {} : { redirectAfterMs }),
      addresses: this.addresses,
      trust: this.#trust,
      logger,
    });
    this.#listeners.serve(this.#gateway);
  }

  /** Takes no new requests; resolves when the running ones are answered, after 10 s, or when `signal` aborts. */
  async drain({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#gateway?.drain();
    // Some answers never end.
    await this.#listeners.drain({ signal: AbortSignal.any([signal, AbortSignal.timeout(drainMs)]) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    await this.#listeners[Symbol.asyncDispose]();
  }
}

/** Says how an address begins and ends: where a proxy speaks TLS the port is the proxy's, which is the usual one. */
function portAndScheme(
  proxied: WebSettings["scheme"],
  own: { tls: TlsTerms | undefined; port: number },
): { scheme: "http" | "https"; port: number | undefined } {
  if (proxied === "https") return { scheme: "https", port: undefined };
  const scheme = own.tls ? "https" : "http";
  return { scheme, port: own.port === (own.tls ? 443 : 80) ? undefined : own.port };
}
