import { AppError } from "@dorian/base/app-error";
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
    const { outside } = this.#options;
    const key = `${target.functionId} ${methodName}`;
    const port =
      this.#ports.get(key) ??
      outside(() =>
        listenForRequests(
          async (request) => await this.#answer(target, methodName, request),
          (error) => this.#note(error),
        ),
      );
    this.#ports.set(key, port);
    return (await port).url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.#ports.values()) await (await port)[Symbol.asyncDispose]();
    for (const container of this.#containers.values())
      await container[Symbol.asyncDispose]().catch((error: unknown) => this.#note(error));
  }

  async #answer(target: TestFunction, methodName: string, request: Request): Promise<Response> {
    try {
      const bound = this.#options.bound(target, request);
      return await this.#containerOf(bound).answer(methodName, request);
    } catch (error) {
      if (!AppError.is(error) || error.code !== "WEB_PARAMETER_INVALID") throw error;
      return new Response(`${error.message}\n`, { status: 400 });
    }
  }

  #note(error: unknown): void {
    this.#options.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  #containerOf(bound: TestFunction): WebContainer {
    const container = this.#containers.get(bound.functionId) ?? this.#options.container(bound);
    this.#containers.set(bound.functionId, container);
    return container;
  }
}
