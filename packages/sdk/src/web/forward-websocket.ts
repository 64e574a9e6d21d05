import { upgradeWebSocket } from "./upgrade-websocket.ts";
import type { LocalServer } from "./forward-request.ts";

/** Headers of the handshake, which is made anew. */
const ofHandshake = /^(?:connection|upgrade|host|content-length|sec-websocket-.*)$/;

/** Has a server in this container serve a websocket. */
export async function forwardWebSocket(server: LocalServer, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  const inner = new WebSocket(`ws://${host}:${server.port}${pathname}${search}`, {
    protocols: offered,
    headers: [...request.headers].filter(([name]) => !ofHandshake.test(name)),
  });
  inner.binaryType = "arraybuffer";
  // What comes before the client's side is open waits for that: a server may greet with its handshake.
  const early: MessageEvent[] = [];
  const hold = (event: MessageEvent) => early.push(event);
  inner.addEventListener("message", hold);
  const { promise: opened, resolve } = Promise.withResolvers<boolean>();
  inner.addEventListener("open", () => resolve(true));
  inner.addEventListener("error", () => resolve(false));
  inner.addEventListener("close", () => resolve(false));
  request.signal.addEventListener("abort", () => inner.close());
  // It does not say how the server refused.
  if (!(await opened)) return new Response("The server does not accept this websocket.\n", { status: 403 });
  const { socket, response } = upgradeWebSocket(
    request,
    inner.protocol === "" ? {} : { protocol: inner.protocol },
  );
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    inner.removeEventListener("message", hold);
    for (const { data } of early) socket.send(data as string | ArrayBuffer);
    inner.addEventListener("message", ({ data }) => socket.send(data as string | ArrayBuffer));
    if (inner.readyState === inner.CLOSED) socket.close();
  });
  socket.addEventListener("message", ({ data }) => inner.send(data));
  inner.addEventListener("close", ({ code, reason }) => socket.close(sendable(code), reason));
  socket.addEventListener("close", ({ code, reason }) => inner.close(sendable(code), reason));
  return response;
}

/** Some codes say how a connection ended, and cannot be sent. */
function sendable(code: number): number | undefined {
  return code === 1000 || (code >= 3000 && code <= 4999) ? code : undefined;
}
