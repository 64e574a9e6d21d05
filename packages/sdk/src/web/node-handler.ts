import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { maxHeaderBytes, type LocalServer } from "./local-server.ts";

/** What Fastify is, as far as it has to be known. */
export interface NodeServerApp {
  /** What serves it. */
  server: Server;
  /** Resolves when its plugins are loaded. */
  ready(): PromiseLike<unknown>;
}

/**
 * Makes a web app of what was written for Node's HTTP server: an Express app or any other `(request, response)` listener,
 * a Fastify app, or a server of `node:http` with all that listens to it, websockets included. It listens on a port of its
 * own inside the container from the first request on. Its code runs outside of inputs: `currentInput()` is undefined there.
 *
 * @example
 * const app = new App("site");
 * const site = app.web({ name: "site" }, nodeHandler((request, response) => response.end(`You asked for ${request.url}`)));
 */
export function nodeHandler(handler: RequestListener | Server | NodeServerApp): {
  fetch(request: Request): Promise<Response>;
} {
  // All that a server does belongs to whoever had it listen, and that would be the first request's input.
  const outside = AsyncLocalStorage.snapshot();
  let listening: Promise<LocalServer> | undefined;
  return {
    async fetch(request) {
      listening ??= outside(listen, handler);
      const { forwardRequest } = await import("./forward-request.ts");
      return await forwardRequest(await listening, request);
    },
  };
}

async function listen(handler: RequestListener | Server | NodeServerApp): Promise<LocalServer> {
  const server = await serverOf(handler);
  if (!server.listening) {
    const host = "127.0.0.1";
    server.listen(0, host);
    await once(server, "listening");
    // A program that has nothing else to do may end.
    server.unref();
    return { host, port: (server.address() as AddressInfo).port };
  }
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function serverOf(handler: RequestListener | Server | NodeServerApp): Promise<Server> {
  if ("ready" in handler && "server" in handler) {
    await handler.ready();
    return handler.server;
  }
  if (typeof handler !== "function") return handler;
  const { createServer } = await import("node:http");
  // As long as the function's own time limit, and as large as the server lets them be.
  return createServer({ requestTimeout: 0, maxHeaderSize: maxHeaderBytes }, handler);
}
