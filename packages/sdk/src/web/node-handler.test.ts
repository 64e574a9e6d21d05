import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { expect, test } from "vitest";
import { App } from "../app/app.ts";
import { currentInput, runWithInput } from "../container/current-input.ts";
import { nodeHandler } from "./node-handler.ts";

const app = new App("node-handlers");

const told: RequestListener = async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  response.writeHead(201, { "set-cookie": ["a=1", "b=2"], "x-host": request.headers.host ?? "" });
  response.end(`${request.method} ${request.url} ${Buffer.concat(parts).toString()}`);
};

/** Below those that the kernel gives to whoever asks for any, as other tests do meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer().listen(port);
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}

test("a listener answers with its status, its headers and its body", async () => {
  const site = app.web({ name: "listener" }, nodeHandler(told));
  const response = await site.local(
    new Request("http://example.com/a%2Fb?x=1", {
      method: "POST",
      body: "hello",
      headers: { host: "example.com" },
    }),
  );
  expect([response.status, await response.text()]).toEqual([201, "POST /a%2Fb?x=1 hello"]);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(response.headers.get("x-host")).toBe("example.com");
});

test("an app that has to get ready is waited for, and a server of one's own is used as it is", async () => {
  const server = createServer();
  const app1 = { server, ready: async () => void server.on("request", told) };
  expect(await (await nodeHandler(app1).fetch(new Request("http://localhost/1"))).text()).toBe("GET /1 ");
  server.close();
  const own = createServer(told).listen(0, "127.0.0.1");
  await once(own, "listening");
  expect(await (await nodeHandler(own).fetch(new Request("http://localhost/2"))).text()).toBe("GET /2 ");
  own.close();
});

test("a server that drops its connection is named with the reason", async () => {
  const broken = nodeHandler((request) => request.socket.destroy());
  await expect(broken.fetch(new Request("http://localhost/"))).rejects.toMatchObject({
    code: "WEB_SERVER_UNREACHABLE",
    message: expect.stringMatching(
      /^The server on 127\.0\.0\.1:\d+ in the container did not answer: /,
    ) as string,
  });
});

test("a client that leaves ends its request to the listener", async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const slow = nodeHandler((request, response) => {
    response.once("close", resolve);
    begin();
  });
  const leaving = new AbortController();
  const answer = slow.fetch(new Request("http://localhost/", { signal: leaving.signal }));
  answer.catch(() => undefined);
  await begun;
  leaving.abort();
  await ended;
  await expect(answer).rejects.toThrow("aborted");
});

test("a server on a port is started once, and waited for", async () => {
  let starts = 0;
  const server = createServer(told);
  const port = await freePort();
  const site = app.webServer({ name: "port", port }, () => {
    starts += 1;
    setTimeout(() => server.listen(port), 30);
  });
  const answers = await Promise.all(
    [1, 2].map((path) => site.local(new Request(`http://localhost/${path}`))),
  );
  expect(await Promise.all(answers.map((each) => each.text()))).toEqual(["GET /1 ", "GET /2 "]);
  expect(starts).toBe(1);
  server.close();
});

/** What a request looks like to a server that reads it from its socket alone. */
const framed: RequestListener = async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  response.end(JSON.stringify([length, encoding, Buffer.concat(parts).toString()]));
};

test("a server is told where a body ends, whatever the method, and nothing of a body that does not come", async () => {
  const site = nodeHandler(framed);
  const body = () =>
    ReadableStream.from([Buffer.from("one "), Buffer.from("two")]) as ReadableStream<Uint8Array>;
  const told = async (init: RequestInit) =>
    (await (await site.fetch(new Request("http://localhost/", init))).json()) as unknown;
  expect(await told({ headers: { "content-length": "7" } })).toEqual([null, null, ""]);
  for (const method of ["DELETE", "OPTIONS", "POST"]) {
    expect(await told({ method, body: body(), duplex: "half" })).toEqual([null, "chunked", "one two"]);
    expect(await told({ method })).toEqual(["0", null, ""]);
  }
  const length = { headers: { "content-length": "7" } };
  expect(await told({ method: "DELETE", body: body(), duplex: "half", ...length })).toEqual([
    "7",
    null,
    "one two",
  ]);
});

test("a listener works outside of the input whose request came first", async () => {
  const site = nodeHandler((_, response) => response.end(currentInput()?.inputId ?? "none"));
  const input = (inputId: string) => ({
    inputId,
    functionCallId: "fc-1",
    signal: new AbortController().signal,
  });
  for (const inputId of ["in-1", "in-2"]) {
    const answer = await runWithInput(input(inputId), () => site.fetch(new Request("http://localhost/")));
    expect(await answer.text()).toBe("none");
  }
});

test("a status that no Response can have is named with its server", async () => {
  const site = nodeHandler((_, response) => response.writeHead(700).end());
  await expect(site.fetch(new Request("http://localhost/"))).rejects.toMatchObject({
    code: "WEB_SERVER_STATUS_INVALID",
    message: expect.stringContaining("answered with status 700") as string,
  });
});

test("a first request that is given up while a server starts leaves it to the others, which start it no second time", async () => {
  class Late {
    serve() {}
  }
  const probe = createServer().listen(0);
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  const server = createServer(told);
  let starts = 0;
  const listen = () => {
    starts += 1;
  };
  Late.prototype.serve = listen;
  app.cls({}, Late, { webServers: { serve: { port } } });
  const ofFunction = app.webServer({ name: "late", port }, listen);
  const ofClass = app.instance(Late).serve as unknown as typeof ofFunction;
  for (const each of [ofFunction, ofClass]) {
    const leaving = new AbortController();
    const first = each.local(new Request("http://localhost/1", { signal: leaving.signal }));
    leaving.abort();
    await expect(first).rejects.toThrow("aborted");
  }
  server.listen(port);
  for (const each of [ofFunction, ofClass])
    expect(await (await each.local(new Request("http://localhost/2"))).text()).toBe("GET /2 ");
  expect(starts).toBe(2);
  server.close();
});

test("an answer that comes before the end of a body is told, though its server closes the connection at once", async () => {
  const head = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge";
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(head, () => socket.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const site = app.webServer({ name: "early", port }, () => undefined);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
  });
  const answer = await site.local(new Request("http://localhost/", { method: "POST", body, duplex: "half" }));
  expect([answer.status, await answer.text()]).toEqual([413, "large"]);
  server.close();
});

test("a server that breaks its connection in the middle of a body, without an answer, is named", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.resetAndDestroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const site = app.webServer({ name: "resets", port }, () => undefined);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
  });
  await expect(
    site.local(new Request("http://localhost/", { method: "POST", body, duplex: "half" })),
  ).rejects.toMatchObject({ code: "WEB_SERVER_UNREACHABLE" });
  server.close();
});
