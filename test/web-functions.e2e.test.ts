import { request } from "node:http";
import { eventually } from "@dorian/testkit/eventually";
import { printedBy, printing } from "@dorian/testkit/app-run";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { Cls, Function } from "dorian";
import { WebSocket as Client } from "ws";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

/** Handlers, websockets, methods, servers and Node's own handlers. */
const shop = `
import { createServer } from "node:http";
import { App, currentTaskId, enter, nodeHandler, parameter, serverSentEvents, upgradeWebSocket, web, webServer, type WebPort } from "dorian";

export const app = new App("shop");

async function* ticks() {
  try {
    for (let tick = 0; ; tick += 1) { yield { event: "tick", data: { tick } }; await new Promise((resolve) => setTimeout(resolve, 50)); }
  } finally { console.log("ticks ended"); }
}

const waiting = new Map<string, () => void>();
const routes: Record<string, (request: Request, url: URL) => Response | Promise<Response>> = {
  "/about": (request, url) => Response.json({
    url: request.url.replace(url.origin, ""), method: request.method, agent: request.headers.get("user-agent"),
    forwarded: request.headers.get("x-forwarded-proto"), task: currentTaskId(),
  }),
  "/cookies": () => new Response(null, { status: 204, headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
  "/size": async (request) => Response.json((await request.bytes()).length),
  "/large": (_, url) => new Response("x".repeat(Number(url.searchParams.get("size")))),
  "/double": (request) => new Response(request.body?.pipeThrough(new TransformStream({
    transform: (part, controller) => { controller.enqueue(part); controller.enqueue(part); },
  }))),
  "/ticks": () => serverSentEvents(ticks()),
  "/broken": () => { throw new Error("broken on purpose"); },
  "/cut": () => new Response(ReadableStream.from((async function* () { yield new Uint8Array(5); await new Promise((resolve) => setTimeout(resolve, 100)); throw new Error("cut on purpose"); })())),
  "/wait": (request, { search }) => new Promise((resolve) => {
    console.log("waiting" + search);
    request.signal.addEventListener("abort", () => { console.log("left" + search + ": " + request.signal.reason.name); resolve(new Response()); });
  }),
  "/meet": (_, url) => new Promise((resolve) => {
    const other = waiting.get("other");
    const answer = () => resolve(new Response("met"));
    if (other) { other(); answer(); } else waiting.set("other", answer);
  }),
  "/echo": (request) => {
    const { socket, response } = upgradeWebSocket(request, { protocol: "chat", headers: { "x-room": "7" } });
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (data === "bye") socket.close(4001, "see you");
      else socket.send(typeof data === "string" ? data.toUpperCase() : new Uint8Array(data).reverse());
    };
    socket.onclose = ({ code }) => console.log("closed with " + code);
    return response;
  },
  "/refuse": () => new Response("not today", { status: 401 }),
};

export const site = app.web({ name: "site", maxConcurrentInputs: 20, maxContainers: 1 }, (request) => {
  const url = new URL(request.url);
  const route = routes[url.pathname];
  return route ? route(request, url) : new Response("no such page", { status: 404 });
});

export const guarded = app.web({ name: "guarded", label: "keep", customDomains: ["guarded.example.com"], requiresProxyAuth: true }, () => new Response("let in"));

export const slow = app.web({ name: "slow", timeout: 1 }, () => new Promise<Response>(() => {}));

export const listener = app.web({ name: "listener" }, nodeHandler((request, response) => {
  response.setHeader("set-cookie", ["a=1", "b=2"]);
  request.pipe(response);
}));

export const files = app.webServer({ name: "files", port: 8000 }, async () => {
  const server = createServer((request, response) => response.end("file " + request.url + " of " + request.headers.host));
  setTimeout(() => server.listen(8000), 200);
});

export const never = app.webServer({ name: "never", port: 8001, startupTimeout: 2 }, () => {});

@app.cls({ scaledownWindow: 2 })
export class Model {
  @parameter() modelId = "small";
  @parameter() size = 1;
  weights = "";
  @enter() load() { this.weights = "loaded " + this.modelId; }
  @web({ method: "POST" }) async predict(request: Request) {
    const { of } = await request.json() as { of: string };
    return Response.json([this.weights, this.size, of]);
  }
  @webServer(8002) serve(port: WebPort) { createServer((_, response) => response.end("served by " + this.modelId)).listen(port); }
}

class Plain {
  modelId = "plain";
  async page(request: Request) { return new Response(request.method + " " + this.modelId); }
  start(port: WebPort) { createServer((_, response) => response.end("plain server")).listen(port); }
}
app.cls({}, Plain, { parameters: ["modelId"], web: { page: { label: "plain-page" } }, webServers: { start: { port: 8003 } } });
`;

const waiting = { timeout: 30_000 };
let server: RunningServer;
const urls: Record<string, string> = {};

beforeAll(async () => {
  server = await runningServer({ apps: [shop], args: ["--web-ports", "0"] });
  for (const name of ["site", "guarded", "slow", "listener", "files", "never"])
    urls[name] = await Function.fromName("shop", name).url();
});

afterAll(() => server[Symbol.asyncDispose]());

const at = (path: string) => `${urls["site"]}${path}`;
const logOf = async () => {
  const { stdout, stderr } = await dorian(server.dataDirectory, ["app", "logs", "shop"]);
  return stdout + stderr;
};
const logged = (text: string) => eventually(logOf, (log) => log.includes(text));

test("a handler gets the request as it was sent, and its answer is the client's", async () => {
  const about = await fetch(at("/about?x=1%2F2"), { headers: { "user-agent": "tester" } });
  expect(await about.json()).toMatchObject({
    url: "/about?x=1%2F2",
    method: "GET",
    agent: "tester",
    forwarded: "http",
  });
  const cookies = await fetch(at("/cookies"));
  expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([204, ["a=1", "b=2"]]);
  expect((await fetch(at("/nowhere"))).status).toBe(404);
  const head = await fetch(at("/about"), { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("bodies of any size go in both directions, and stream", async () => {
  const large = await fetch(at("/size"), { method: "POST", body: new Uint8Array(9_000_000) });
  expect(await large.json()).toBe(9_000_000);
  expect((await (await fetch(at("/large?size=9000000"))).text()).length).toBe(9_000_000);
  const turns = Promise.withResolvers<void>();
  const body = ReadableStream.from(
    (async function* () {
      yield Buffer.from("one ");
      // Not before the answer to the first part is there.
      await turns.promise;
      yield Buffer.from("two ");
    })(),
  );
  const doubled = await fetch(at("/double"), { method: "POST", body, duplex: "half" });
  const reader = doubled.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("one one ")) text += (await reader?.read())?.value ?? "";
  turns.resolve();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) text += next.value;
  expect(text).toBe("one one two two ");
});

test("events arrive as they are made, and a client that leaves ends their source", async () => {
  const leaving = new AbortController();
  const events = await fetch(at("/ticks"), { signal: leaving.signal });
  expect(events.headers.get("content-type")).toBe("text/event-stream");
  const first = await events.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toBe('event: tick\ndata: {"tick":0}\n\n');
  leaving.abort();
  await logged("ticks ended");
});

test("a client that leaves aborts the signal of its request", async () => {
  const leaving = new AbortController();
  const answer = fetch(at("/wait"), { signal: leaving.signal });
  answer.catch(() => undefined);
  await logged("waiting");
  leaving.abort();
  expect(await logged("left: AbortError")).toContain("left: AbortError");
});

test("a client that leaves an upload which nobody reads aborts the signal of its request, before the call is cancelled for it", async () => {
  const upload = request(at("/wait?upload"), { method: "POST" });
  upload.on("error", () => undefined);
  // More than waits for the handler outside of the server, so that nothing behind it can be heard.
  for (let part = 0; part < 6; part += 1) upload.write(Buffer.alloc(1024 * 1024));
  await logged("waiting?upload");
  upload.destroy();
  expect(await logged("left?upload: ")).toContain("left?upload: AbortError");
});

test("a handler that throws is an answer of 500 and a traceback in the log; one that is cut closes its connection", async () => {
  const broken = await fetch(at("/broken"));
  expect([broken.status, await broken.text()]).toEqual([
    500,
    "The function failed. The app's log has the cause.\n",
  ]);
  await logged("broken on purpose");
  await expect(fetch(at("/cut")).then((response) => response.text())).rejects.toThrow("terminated");
  await logged("cut on purpose");
  expect((await fetch(urls["slow"] ?? "")).status).toBe(504);
});

test("one container answers as many requests at the same time as it may", async () => {
  const answers = await Promise.all([fetch(at("/meet")), fetch(at("/meet"))]);
  expect(await Promise.all(answers.map((each) => each.text()))).toEqual(["met", "met"]);
});

test("a websocket carries texts and bytes, and closes with the app's code or the client's", async () => {
  const client = await connected(at("/echo"), ["other", "chat"]);
  expect([client.socket.protocol, client.headers["x-room"]]).toEqual(["chat", "7"]);
  client.socket.send("shout");
  client.socket.send(Buffer.from([1, 2, 3]));
  await vi.waitFor(() => expect(client.messages).toEqual(["SHOUT", Buffer.from([3, 2, 1])]), waiting);
  client.socket.send("bye");
  expect(await client.closed).toEqual([4001, "see you"]);
  await logged("closed with 4001");
  const other = await connected(at("/echo"), ["chat"]);
  // More than the server keeps of what has been read.
  const many = 40;
  for (let sent = 0; sent < many; sent += 1) {
    other.socket.send(Buffer.alloc(100_000, sent));
    await vi.waitFor(() => expect(other.messages.length).toBe(sent + 1), waiting);
  }
  expect(other.messages.map((each) => (each as Buffer)[0])).toEqual(
    Array.from({ length: many }, (_, sent) => sent),
  );
  other.socket.close(4002);
  await logged("closed with 4002");
  await expect(connected(at("/refuse"), [])).rejects.toThrow("401");
});

test("methods take the parameters of their class from the query, and url() puts them there [P6]", async () => {
  const model = Cls.fromName<{ new (): ModelShape }>("shop", "Model").instance({ modelId: "large", size: 3 });
  const url = await model.predict.url();
  expect(new URL(url).search).toBe("?modelId=large&size=3");
  const init = { method: "POST", body: '{"of":"this"}' };
  expect(await (await fetch(url, init)).json()).toEqual(["loaded large", 3, "this"]);
  const bare = new URL(url);
  bare.search = "";
  expect(await (await fetch(bare, init)).json()).toEqual(["loaded small", 1, "this"]);
  expect((await fetch(`${bare.href}?size=many`, init)).status).toBe(400);
  expect((await fetch(url)).status).toBe(405);
  expect(await (await fetch(await model.serve.url())).text()).toBe("served by large");
});

test("a class without decorators serves the web by its spec", async () => {
  const plain = Cls.fromName<{ new (): PlainShape }>("shop", "Plain").instance({ modelId: "chosen" });
  expect(await (await fetch(await plain.page.url())).text()).toBe("GET chosen");
  expect(await (await fetch(await plain.start.url())).text()).toBe("plain server");
});

test("handlers of Node's and servers on ports answer as they would on their own", async () => {
  const listened = await fetch(urls["listener"] ?? "", { method: "POST", body: "piped" });
  expect([await listened.text(), listened.headers.getSetCookie()]).toEqual(["piped", ["a=1", "b=2"]]);
  const url = urls["files"] ?? "";
  expect(await (await fetch(`${url}/a?b=1`)).text()).toBe(`file /a?b=1 of ${new URL(url).host}`);
  expect((await fetch(urls["never"] ?? "")).status).toBe(504);
});

test("a function that wants a proxy token lets nobody else in, also by a domain of its own", async () => {
  const url = urls["guarded"] ?? "";
  expect((await fetch(url)).status).toBe(401);
  const shown = await dorian(server.dataDirectory, ["curl", "shop::guarded", "--", "-s"]);
  expect(shown.stdout).toBe("let in");
  // Asked for by its name, at the port of another.
  expect(await statusAt(at("/"), "guarded.example.com")).toBe(401);
});

test("apps of Hono, Express and Fastify are served as they are, and schemas of zod check requests and describe them", async () => {
  const packages = ["hono@4", "express@5", "fastify@5", "@fastify/websocket@11", "zod@4"];
  const source = `
import { App, Image, nodeHandler } from "dorian";
import websocket from "@fastify/websocket";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { z } from "zod";

// What was installed once: users would say npmInstall, or npmInstallFrom with their lockfile.
export const app = new App("frameworks", { image: Image.debianSlim().addLocalDir("node_modules", "/root/node_modules") });
const hono = new Hono().get("/greet/:name", (context) => context.text("Hono greets " + context.req.param("name")));
export const one = app.web({ name: "hono" }, hono);
const page = express().use(express.json()).post("/sum", (request, response) => response.json(request.body.a + request.body.b));
export const two = app.web({ name: "express" }, nodeHandler(page));
const three = fastify();
three.register(websocket);
three.register(async () => {
  three.get("/", async () => ({ by: "Fastify" }));
  three.get("/echo", { websocket: true }, (socket) => {
    socket.send("Fastify greets");
    socket.on("message", (data) => socket.send("Fastify heard " + data));
  });
});
export const other = app.web({ name: "fastify" }, nodeHandler(three));
export const checked = app.web(
  { name: "checked", method: "POST", body: z.object({ name: z.string().min(1), times: z.number().default(1) }), response: z.object({ text: z.string() }), docs: true },
  (_, { body }) => ({ text: "hello " + body.name.repeat(body.times) }),
);
`;
  const manifest = JSON.stringify({ name: "frameworks", type: "module", private: true });
  await using project = await temporaryDirectory({ "app.ts": source, "package.json": manifest });
  const here = { cwd: project.path };
  await runCommand(["npm", "install", "--no-audit", "--no-fund", ...packages], here);
  const deployed = await dorian(server.dataDirectory, ["deploy", "app.ts"], here);
  expect(deployed.code, deployed.stderr).toBe(0);
  const url = async (name: string) => await Function.fromName("frameworks", name).url();
  const json = { method: "POST", headers: { "content-type": "application/json" } };

  expect(await (await fetch(`${await url("hono")}/greet/you`)).text()).toBe("Hono greets you");
  const sum = await fetch(`${await url("express")}/sum`, { ...json, body: '{"a":1,"b":2}' });
  expect(await sum.json()).toBe(3);
  expect(await (await fetch(await url("fastify"))).json()).toEqual({ by: "Fastify" });
  const client = await connected(`${await url("fastify")}/echo`, []);
  client.socket.send("a word");
  await vi.waitFor(
    () => expect(client.messages).toEqual(["Fastify greets", "Fastify heard a word"]),
    waiting,
  );
  client.socket.close();

  const checked = await url("checked");
  const answer = await fetch(checked, { ...json, body: '{"name":"you"}' });
  expect(await answer.json()).toEqual({ text: "hello you" });
  const refused = await fetch(checked, { ...json, body: '{"name":""}' });
  expect([refused.status, await refused.json()]).toMatchObject([422, { issues: [{ path: "name" }] }]);
  const described = (await (await fetch(`${checked}/openapi.json`)).json()) as Record<string, unknown>;
  expect(described).toMatchObject({
    paths: {
      "/": {
        post: {
          requestBody: {
            content: { "application/json": { schema: { type: "object", required: ["name"] } } },
          },
        },
      },
    },
  });
  expect(await (await fetch(`${checked}/docs`)).text()).toContain("<h1>checked</h1>");
});

test("run and serve print addresses, which the app finds while it runs", async () => {
  const source = `
import { App } from "dorian";
${printing}
export const app = new App("running");
export const hello = app.web({ name: "hello" }, () => new Response("hello"));
export const asks = app.function({ name: "asks" }, async () => (await hello.url()));
app.localEntrypoint(async () => {
  const url = await hello.url();
  print(await (await fetch(url)).text());
  print((await asks.remote()) === url);
});
`;
  expect(await printedBy(server.dataDirectory, source)).toEqual(["hello", true]);
  await using project = await temporaryDirectory({ "app.ts": source });
  const { stdout, stderr, code } = await dorian(server.dataDirectory, ["run", "app.ts"], {
    cwd: project.path,
  });
  expect(code, stderr).toBe(0);
  expect(stdout + stderr).toMatch(/Created web function hello => http:\/\/127\.0\.0\.1:\d+/);
});

interface ModelShape {
  modelId: string;
  size: number;
  predict(request: Request): Promise<Response>;
  serve(): void;
}

interface PlainShape {
  modelId: string;
  page(request: Request): Promise<Response>;
  start(): void;
}

async function connected(url: string, protocols: string[]) {
  const socket = new Client(url.replace("http", "ws"), protocols);
  const messages: unknown[] = [];
  socket.on("message", (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
  const closed = new Promise<[number, string]>((resolve) => {
    socket.once("close", (code, reason) => resolve([code, reason.toString()]));
  });
  let headers: Record<string, unknown> = {};
  socket.once("upgrade", (response) => (headers = response.headers));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return { socket, messages, closed, headers };
}

async function statusAt(url: string, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request(url, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  asked.once("error", reject).end();
  return await promise;
}
