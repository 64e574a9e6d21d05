import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { websocketRefusal } from "./websocket-refusal.ts";

/** A server that writes `answer` to each handshake, and leaves the connection open. */
async function refusing(answer: string) {
  const server = createServer();
  const asked: IncomingMessage[] = [];
  const open = new Set<{ destroy: () => void }>();
  server.on("upgrade", (request, socket) => {
    asked.push(request);
    open.add(socket.on("error", () => undefined));
    socket.write(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const end = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { port, host: "127.0.0.1", asked, [Symbol.dispose]: end };
}

const head = "HTTP/1.1 401 Unauthorized\r\n";

test("of a server that says why and never ends it, what it has said is passed on", async () => {
  using server = await refusing(`${head}\r\nLog in.`);
  const response = await websocketRefusal(
    server,
    "/room",
    {},
    { signal: new AbortController().signal, withinMs: 2_000 },
  );
  expect([response.status, await response.text()]).toEqual([401, "Log in."]);
});

test("a server that gives no answer in time has refused", async () => {
  using server = await refusing("");
  const response = await websocketRefusal(
    server,
    "/room",
    {},
    { signal: new AbortController().signal, withinMs: 50 },
  );
  expect(response.status).toBe(403);
});

test("what a client needs to come back is passed on, and the words are asked for unpacked", async () => {
  const how = 'WWW-Authenticate: Basic realm="chat"\r\nRetry-After: 7\r\nContent-Length: 2\r\n';
  using server = await refusing(`${head}${how}\r\nno`);
  const response = await websocketRefusal(
    server,
    "/room",
    { "accept-encoding": "gzip, br" },
    { signal: new AbortController().signal },
  );
  expect([response.headers.get("www-authenticate"), response.headers.get("retry-after")]).toEqual([
    'Basic realm="chat"',
    "7",
  ]);
  expect(server.asked[0]?.headers["accept-encoding"]).toBe("identity");
});
