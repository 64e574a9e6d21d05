import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { forwardWebSocket } from "./forward-websocket.ts";
import { acceptanceOf } from "./upgrade-websocket.ts";

/** A frame without a mask, as servers send them. */
const frame = (kind: "text" | "close", payload: Buffer) =>
  Buffer.concat([Buffer.from([kind === "text" ? 0x81 : 0x88, payload.length]), payload]);

/** A server that sends `frames` with its handshake, and then says no more. */
async function greeting(frames: Buffer[]) {
  const server = createServer();
  const asked: IncomingMessage[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  server.on("upgrade", (request, socket) => {
    asked.push(request);
    socket.resume().once("close", () => end());
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    socket.end(Buffer.concat([Buffer.from(head), ...frames]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, host: "127.0.0.1", asked, ended, [Symbol.dispose]: () => void server.close() };
}

/** What a client is told whose websocket opens after the server has said all. */
async function toldBy(server: { port: number; host: string; ended: Promise<void> }): Promise<unknown[]> {
  const headers = { upgrade: "websocket", host: "chat.example.com", cookie: "a=1" };
  const response = await forwardWebSocket(server, new Request("http://chat.example.com/room", { headers }));
  await server.ended;
  await setImmediate();
  const told: unknown[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  acceptanceOf(response)?.open({
    message: (data) => told.push(data),
    closed: (...how) => {
      told.push(how);
      resolve();
    },
  });
  await closed;
  return told;
}

const closing = (code: number, reason: string) =>
  frame("close", Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

test("a server that greets and closes at once is heard to its end, with its code", async () => {
  using server = await greeting([frame("text", Buffer.from("hello")), closing(4401, "who are you?")]);
  expect(await toldBy(server)).toEqual(["hello", [4401, "who are you?"]]);
});

test("a server gets the name it was asked for by, and the headers", async () => {
  using server = await greeting([closing(1000, "")]);
  await toldBy(server);
  expect(server.asked[0]?.headers).toMatchObject({ "x-forwarded-host": "chat.example.com", cookie: "a=1" });
});

test.each<[string, Buffer[], [number | undefined, string]]>([
  ["a code of the protocol's", [closing(1008, "policy")], [1008, "policy"]],
  ["no code", [frame("close", Buffer.alloc(0))], [undefined, ""]],
  ["a connection that broke", [], [1011, ""]],
])(
  "a server that closes with %s closes the client's websocket with what stands for it",
  async (_, frames, how) => {
    using server = await greeting(frames);
    expect(await toldBy(server)).toEqual([how]);
  },
);

test("a server that refuses says how: its status and its words are the client's", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) =>
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\nLog in.\n"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const asking = new Request("http://chat.example.com/room", { headers: { upgrade: "websocket" } });
  const response = await forwardWebSocket({ port, host: "127.0.0.1" }, asking);
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    401,
    "text/html",
    "Log in.\n",
  ]);
  server.close();
});
