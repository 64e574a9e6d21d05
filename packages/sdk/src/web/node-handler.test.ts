import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { expect, test } from "vitest";
import { App } from "../app/app.ts";
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
