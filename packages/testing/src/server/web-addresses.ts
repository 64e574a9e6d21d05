import { listenForRequests, type HttpPort } from "./http-port.ts";
import type { TestFunction } from "./test-function.ts";
import { WebContainer } from "./web-container.ts";

export interface WebAddressesOptions {
  /** The function that a request is for: of a class, that with the parameters in the query. */
  bound: (target: TestFunction, request: Request) => TestFunction;
  container: (target: TestFunction) => WebContainer;
  log: (line: string) => void;
  /** Runs code as nobody's: requests are not part of what asked for the address. */
  outside: <T>(run: () => T) => T;
}

/** Where web functions and methods are reached: each at a port of loopback, from when somebody asks for its address. */
export class WebAddresses implements AsyncDisposable {
  #options: WebAddressesOptions;
  #ports = new Map<string, Promise<HttpPort>>();
  #containers = new Map<string, WebContainer>();

  constructor(options: WebAddressesOptions) {
    this.#options = options;
  }

  async urlOf(target: TestFunction, methodName = ""): Promise<string> {
    const { outside, log } = this.#options;
    const key = `${target.functionId} ${methodName}`;
    const port =
      this.#ports.get(key) ??
      outside(() =>
        listenForRequests(
          async (request) => await this.#containerFor(target, request).answer(methodName, request),
          (error) => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
        ),
      );
    this.#ports.set(key, port);
    return (await port).url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.#ports.values()) await (await port)[Symbol.asyncDispose]();
    for (const container of this.#containers.values()) await container[Symbol.asyncDispose]();
  }

  #containerFor(target: TestFunction, request: Request): WebContainer {
    const bound = this.#options.bound(target, request);
    const container = this.#containers.get(bound.functionId) ?? this.#options.container(bound);
    this.#containers.set(bound.functionId, container);
    return container;
  }
}
