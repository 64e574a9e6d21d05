import { request as httpRequest } from "node:http";
import { randomBytes } from "node:crypto";
import { maxHeaderBytes, type LocalServer } from "./local-server.ts";
import { patientSocket } from "./patient-socket.ts";

/** What is passed on of a body that says why. */
const maxReasonBytes = 64 * 1024;
/** Of its headers, those that tell a client what to do about it. */
const reasonHeaders = ["www-authenticate", "retry-after"] as const;

/**
 * Why a server in this container takes no websocket: Node's own websockets do not say, so the handshake is made once more. `headers`
 * are those of the first. 403 where the server gives no answer to it in time; of an answer that does not end in time, what has come.
 */
export async function websocketRefusal(
  server: LocalServer,
  target: string,
  headers: Record<string, string>,
  { signal, withinMs = 5_000 }: { signal: AbortSignal; withinMs?: number },
): Promise<Response> {
  const refused = new Response("The server does not accept this websocket.\n", { status: 403 });
  const { promise, resolve } = Promise.withResolvers<Response>();
  const outgoing = httpRequest({
    ...server,
    path: target,
    headers: {
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      // Whoever reads it is not told how it would be packed.
      "accept-encoding": "identity",
    },
    maxHeaderSize: maxHeaderBytes,
    signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    createConnection: () => patientSocket(server),
  });
  let answer = () => refused;
  outgoing.once("response", (incoming) => {
    const { statusCode = 0 } = incoming;
    if (statusCode < 400 || statusCode > 599) {
      incoming.destroy();
      resolve(refused);
      return;
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    answer = () => {
      const told = new Headers({
        "content-type": incoming.headers["content-type"] ?? "text/plain; charset=utf-8",
      });
      for (const name of reasonHeaders) {
        const value = incoming.headers[name];
        if (value !== undefined) told.set(name, value);
      }
      const body = Buffer.concat(parts).subarray(0, maxReasonBytes);
      return new Response(body, { status: statusCode, headers: told });
    };
    const end = () => {
      resolve(answer());
      incoming.destroy();
    };
    incoming.on("data", (part: Buffer) => {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes >= maxReasonBytes) end();
    });
    incoming.once("end", end).once("error", end);
  });
  // It takes this one: whoever refused the first has changed its mind too late.
  outgoing.once("upgrade", (_response, socket) => {
    socket.destroy();
    resolve(refused);
  });
  outgoing.on("error", () => resolve(answer())).end();
  return await promise;
}
