import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { LocalServer } from "./local-server.ts";
import { websocketRefusal } from "./websocket-refusal.ts";
import { acceptWebSocket } from "./upgrade-websocket.ts";

/** Headers of the handshake, which is made anew. */
const ofHandshake = /^(?:connection|upgrade|host|content-length|sec-websocket-.*)$/;
/** What waits for a side that reads more slowly than the other sends; neither can be held back. */
const maxUnsentBytes = 256 * 1024 * 1024;
const [noCode, internalError, tryAgainLater] = [1005, 1011, 1013];

/** Has a server in this container serve a websocket. */
export async function forwardWebSocket(server: LocalServer, request: Request): Promise<Response> {
  const { pathname, search, host: asked } = new URL(request.url);
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  const headers = {
    ...Object.fromEntries([...request.headers].filter(([name]) => !ofHandshake.test(name))),
    // Node's websockets have no other host than that of their address.
    "x-forwarded-host": asked,
  };
  const inner = new WebSocket(`ws://${host}:${server.port}${pathname}${search}`, {
    protocols: offered,
    headers,
  });
  inner.binaryType = "arraybuffer";
  // What comes before the client's side is open waits for that: a server may greet with its handshake, and close.
  const early: MessageEvent[] = [];
  const hold = (event: MessageEvent) => early.push(event);
  inner.addEventListener("message", hold);
  const { promise: ended, resolve: end } = Promise.withResolvers<{ code: number; reason: string }>();
  const { promise: opened, resolve } = Promise.withResolvers<boolean>();
  const leave = () => inner.close();
  onAbort(request.signal, leave);
  inner.addEventListener("open", () => resolve(true));
  inner.addEventListener("error", () => resolve(false));
  inner.addEventListener("close", (event) => {
    offAbort(request.signal, leave);
    resolve(false);
    end(event);
  });
  if (request.signal.aborted) leave();
  if (!(await opened)) {
    const protocols = offered.length > 0 ? { "sec-websocket-protocol": offered.join(", ") } : {};
    return await websocketRefusal(
      server,
      `${pathname}${search}`,
      { ...headers, ...protocols },
      { signal: request.signal },
    );
  }
  const {
    socket,
    response,
    end: endClient,
  } = acceptWebSocket(request, inner.protocol === "" ? {} : { protocol: inner.protocol });
  socket.binaryType = "arraybuffer";
  const tooSlow = (side: string) => {
    endClient(tryAgainLater, `The ${side} reads too slowly.`);
    inner.close();
  };
  const tell = ({ data }: MessageEvent) => {
    socket.send(data as string | ArrayBuffer);
    if (socket.bufferedAmount > maxUnsentBytes) tooSlow("client");
  };
  socket.addEventListener("open", () => {
    inner.removeEventListener("message", hold);
    for (const event of early) tell(event);
    inner.addEventListener("message", tell);
    void ended.then(({ code, reason }) => endClient(passedOn(code), reason));
  });
  socket.addEventListener("message", ({ data }) => {
    inner.send(data);
    if (inner.bufferedAmount > maxUnsentBytes) tooSlow("server");
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (code === 1000 || (code >= 3000 && code <= 4999)) inner.close(code, reason);
    else inner.close();
  });
  return response;
}

/** The code for the client when the server's connection ended with this one. Some say that there was none, and cannot be sent. */
function passedOn(code: number): number | undefined {
  if (code === noCode) return undefined;
  return code === 1006 || code === 1015 ? internalError : code;
}
