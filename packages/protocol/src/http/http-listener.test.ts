import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";
import { HttpListener, type HttpListenerOptions } from "./http-listener.ts";

interface Served extends AsyncDisposable {
  port: number;
  failures: unknown[];
  asked: string[];
}

async function serving(options: Partial<HttpListenerOptions> = {}): Promise<Served> {
  const failures: unknown[] = [];
  const asked: string[] = [];
  const listener = await HttpListener.open({
    address: { host: "127.0.0.1", port: 0 },
    maxHeaderBytes: 16 * 1024,
    onFailure: (error) => failures.push(error),
    onRequest: (incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      response.end("served");
    },
    ...options,
  });
  return {
    port: listener.port,
    failures,
    asked,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/** Sends bytes and reads what comes back until the connection is closed. */
async function talk(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = dial(port);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += String(text)));
  for (const part of parts) socket.write(part);
  await closed(socket);
  return answer;
}

function dial(port: number): Socket {
  return connect({ host: "127.0.0.1", port }).on("error", () => undefined);
}

/** Resolves however it was closed. */
async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once("close", resolve));
}

const statusOf = (answer: string) => answer.slice(0, "HTTP/1.1 200".length);

test("a connection carries one request after another, and an end of them", async () => {
  await using http = await serving();
  const socket = dial(http.port);
  socket.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
  socket.write("GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await closed(socket);
  expect(http.asked).toEqual(["GET /a", "GET /b"]);
});

test("a handler that throws, at once or later, ends its own request alone [B1]", async () => {
  await using http = await serving({
    onRequest: async (incoming, response) => {
      if (incoming.url === "/now") throw new Error("now");
      await new Promise((resolve) => setImmediate(resolve));
      if (incoming.url === "/later") throw new Error("later");
      response.end("served");
    },
  });
  expect(await talk(http.port, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
  expect(await talk(http.port, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
  expect(await talk(http.port, "GET / HTTP/1.0\r\n\r\n")).toContain("served");
  expect(http.failures).toEqual([new Error("now"), new Error("later")]);
});

test("a head that does not come to its end is given up, on a new connection and on a used one [B8]", async () => {
  await using http = await serving({ limits: { headMs: 100 } });
  expect(statusOf(await talk(http.port, "GET / HTTP/1.1\r\nHo"))).toBe("HTTP/1.1 408");
  expect(await talk(http.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nX-")).toMatch(
    /served[^]*408/,
  );
});

test("a head that comes byte by byte is given up as well [B8]", async () => {
  await using http = await serving({ limits: { headMs: 300 } });
  const socket = dial(http.port);
  const text = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"y".repeat(5_000)}`;
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++] ?? ""), 20);
  await closed(socket);
  clearInterval(timer);
  expect(at).toBeLessThan(text.length);
});

test("a body that stops is given up; an answer that takes long is waited for [B8]", async () => {
  const go = Promise.withResolvers<void>();
  await using http = await serving({
    limits: { idleMs: 100 },
    onRequest: async (incoming, response) => {
      if (incoming.url === "/slow") await go.promise;
      else for await (const _chunk of incoming);
      response.end("served");
    },
  });
  const waiting = talk(http.port, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(await talk(http.port, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")).toBe("");
  expect(
    await talk(http.port, "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
  ).toBe("");
  go.resolve();
  expect(await waiting).toContain("served");
});

test("who does not take its answer is let go [B8]", async () => {
  await using http = await serving({
    limits: { idleMs: 200 },
    onRequest: (_incoming, response) => void response.end(Buffer.alloc(64 << 20)),
  });
  const socket = dial(http.port);
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "connect");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let received = 0;
  socket.on("data", (chunk) => (received += chunk.length)).resume();
  await closed(socket);
  expect(received).toBeLessThan(64 << 20);
});

test("a connection without a request is closed after a while [B8]", async () => {
  await using http = await serving({ limits: { betweenMs: 100, idleMs: 100 } });
  expect(await talk(http.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).toContain("served");
});

test("too many requests at once on one connection end it [B8]", async () => {
  let running = 0;
  await using http = await serving({
    onRequest: async () => {
      running++;
      await new Promise(() => undefined);
    },
  });
  await talk(http.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5_000));
  expect(running).toBeLessThan(50);
});

test("of a connection with too many requests at once nothing more is parsed [B8]", async () => {
  let parsed = 0;
  const count = () => void parsed++;
  subscribe("http.server.request.start", count);
  onTestFinished(() => void unsubscribe("http.server.request.start", count));
  await using http = await serving();
  await talk(http.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5_000));
  expect(parsed).toBeLessThan(50);
  // Its parser is used again for others.
  for (let round = 0; round < 3; round++)
    expect(await talk(http.port, "GET / HTTP/1.0\r\n\r\n")).toContain("served");
});

test.each([
  ["more headers than anybody sends", `GET / HTTP/1.1\r\nHost: x\r\n${"a:\r\n".repeat(300)}\r\n`, 431],
  ["a head larger than the limit", `GET / HTTP/1.1\r\nHost: x\r\nA: ${"y".repeat(20_000)}\r\n\r\n`, 431],
  ["a target larger than the limit", `GET /${"y".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ["two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400],
  ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
  [
    "a length and chunks",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400],
  ["a bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400],
  ["a bare LF in a name", "GET / HTTP/1.1\r\nHost: x\r\nA\nB: c\r\n\r\n", 400],
  ["a NUL", "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400],
  ["an unknown version", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  [
    "an expectation that nobody knows",
    "GET / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nConnection: close\r\n\r\n",
    417,
  ],
])("%s is refused [B8]", async (_what, bytes, status) => {
  await using http = await serving();
  expect(statusOf(await talk(http.port, bytes))).toBe(`HTTP/1.1 ${status}`);
  expect(http.asked).toEqual([]);
});

test("who asks for another protocol or for a tunnel gets none", async () => {
  await using http = await serving();
  const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n";
  expect(statusOf(await talk(http.port, upgrade))).toBe("HTTP/1.1 200");
  expect(await talk(http.port, "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n")).toBe("");
});

test("upgrades whose peer resets end themselves alone", async () => {
  await using http = await serving({
    onUpgrade: async (_incoming, socket) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    },
  });
  const upgrades = Array.from({ length: 20 }, async (_, index) => {
    const socket = dial(http.port);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nrest");
    await new Promise((resolve) => setTimeout(resolve, index));
    socket.resetAndDestroy();
  });
  await Promise.all(upgrades);
  expect(await talk(http.port, "GET / HTTP/1.0\r\n\r\n")).toContain("served");
});
