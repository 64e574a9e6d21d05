import type { AnyFunction } from "../any-function.ts";

/**
 * The port that a method with `@webServer()` starts its server on. It tells the compiler that the method is reached by its
 * address alone. Any number may be passed for it.
 *
 * @example
 * class Files {
 *   serve(port: WebPort) { createServer((_, response) => response.end("a file")).listen(port); }
 * }
 * app.cls({}, Files, { webServers: { serve: { port: 8000 } } });
 * const { serve } = app.instance(Files); // await serve.url() is its address; there is no serve.remote
 */
export type WebPort = number & { readonly "dorian.webPort"?: true };

/** Whether a method starts a server: it takes a `WebPort`. */
export type TakesWebPort<F extends AnyFunction> =
  Parameters<F> extends [infer First, ...unknown[]]
    ? "dorian.webPort" extends keyof First
      ? true
      : false
    : false;
