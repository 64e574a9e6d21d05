import { markMethod } from "./decorators.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import type { TakesWebPort, WebPort } from "../web/web-port.ts";
import type { WebAddressOptions, WebHandler, WebOptions } from "../web/web-options.ts";

/** Marks a method of the type `F`. */
export interface WebMethodDecorator<F> {
  (value: F, context: ClassMethodDecoratorContext): void;
  /** How a project with "experimentalDecorators" in its tsconfig checks it; commands compile it as the standard has it all the same. */
  (prototype: object, name: string, descriptor: TypedPropertyDescriptor<F>): void;
}

/** Marks a method that takes a `WebPort`. */
export interface WebServerDecorator {
  <F extends (port: WebPort) => unknown>(
    value: F & (TakesWebPort<F> extends true ? unknown : "Take the port: (port: WebPort)."),
    context: ClassMethodDecoratorContext,
  ): void;
  /** How "experimentalDecorators" checks it. */
  (prototype: object, name: string, descriptor: PropertyDescriptor): void;
}

/**
 * The method answers requests at an address of its own. Parameters of the class come from the query: `?modelId=a`.
 *
 * @example
 * const app = new App("hello");
 * @app.cls()
 * class Greeter {
 *   @parameter() greeting = "hello";
 *   @web() async greet(request: Request) { return new Response(`${this.greeting} from ${request.method}`); }
 * }
 */
export function web<
  Query extends StandardSchema | undefined = undefined,
  Body extends StandardSchema | undefined = undefined,
  Returned extends StandardSchema | undefined = undefined,
>(options: WebOptions<Query, Body, Returned> = {}): WebMethodDecorator<WebHandler<Query, Body, Returned>> {
  return markMethod("web", arguments, { kind: "web", web: { kind: "handler", ...options } });
}

/**
 * The method starts a server on a port of the container, once, behind the enter hooks; requests go on to it. It returns
 * when the server has been started: the container takes requests as soon as something listens on the port, and its start
 * has failed when `startupTimeout` passes before.
 *
 * @param port on which the server listens, on loopback or on all addresses; the method is given it
 * @example
 * const app = new App("files");
 * @app.cls()
 * class Files {
 *   @webServer(8000) serve(port: WebPort) { createServer((_, response) => response.end("a file")).listen(port); }
 * }
 */
export function webServer(port: number, options: WebAddressOptions = {}): WebServerDecorator {
  // Without parentheses it is called with the method.
  return markMethod("webServer", typeof port === "function" ? arguments : [], {
    kind: "web",
    web: { kind: "server", port, ...options },
  }) as WebServerDecorator;
}
