import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";
import { expect, test } from "vitest";
import { percentDecoded, scopeOf, type ScopeOptions } from "./scope.ts";

/** The scope of a request of these lines, as Python has it. */
async function scopeFor(
  lines: string[],
  options: Partial<ScopeOptions> = {},
): Promise<Record<string, unknown>> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const [incoming] = (await once(server, "request")) as [IncomingMessage];
  const scope = scopeOf({
    incoming,
    kind: "http",
    isForwarded: false,
    ownHeaders: [],
    trust: { kind: "direct" },
    ...options,
  });
  const read = `
import json, pickle, sys
scope = pickle.loads(bytes.fromhex(sys.stdin.read()))
for key, value in list(scope.items()):
    if isinstance(value, bytes): scope[key] = "bytes:" + value.decode("latin1")
scope["headers"] = [[name.decode("latin1"), value.decode("latin1")] for name, value in scope["headers"]]
assert isinstance(scope["client"], tuple) and isinstance(scope["server"], tuple)
print(json.dumps(scope))`;
  const input = Buffer.from(pickleValue(scope)).toString("hex");
  const printed = execFileSync("python3", ["-c", read], { input, encoding: "utf8" });
  socket.destroy();
  server.close();
  return JSON.parse(printed) as Record<string, unknown>;
}

test("a scope says what ASGI apps want to know", async () => {
  const scope = await scopeFor([
    "POST /gr%C3%B6%C3%9Fe/a%2Fb?q=%41&x HTTP/1.1",
    "Host: shop:7100",
    "X-Name: caf\u00e9",
    "Cookie: a=1",
    "cookie: b=2",
    "Transfer-Encoding: chunked",
    "Connection: keep-alive, X-Hop",
    "X-Hop: of the connection",
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Proto: https",
  ]);
  expect(scope).toMatchObject({
    type: "http",
    http_version: "1.1",
    method: "POST",
    scheme: "http",
    path: "/größe/a/b",
    raw_path: "bytes:/gr%C3%B6%C3%9Fe/a%2Fb",
    query_string: "bytes:q=%41&x",
    root_path: "",
    client: ["127.0.0.1", expect.any(Number)],
    extensions: { "http.response.trailers": {} },
  });
  expect(scope["headers"]).toEqual([
    ["host", "shop:7100"],
    ["x-name", "caf\u00e9"],
    ["cookie", "a=1"],
    ["cookie", "b=2"],
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "shop:7100"],
  ]);
  expect(scope).not.toHaveProperty("state");
});

test("a server in the container gets the path as it was sent, and finds the client's address", async () => {
  const scope = await scopeFor(["GET /a%2Fb%20c HTTP/1.1", "Host: x"], { isForwarded: true });
  expect(scope["path"]).toBe("/a%2Fb%20c");
  expect(scope["headers"]).toContainEqual(["X-Forwarded-For", "127.0.0.1"]);
});

test("behind the operator's proxy, the client is who the proxy says, and not who the client says", async () => {
  const scope = await scopeFor(
    [
      "GET / HTTP/1.1",
      "Host: a.example",
      "X-Forwarded-For: 6.6.6.6, 10.1.2.3",
      "X-Forwarded-Host: shop.example",
    ],
    { trust: { kind: "proxied", scheme: "https" } },
  );
  expect(scope).toMatchObject({ scheme: "https", client: ["10.1.2.3", 0] });
  expect(scope["headers"]).toContainEqual(["x-forwarded-for", "6.6.6.6, 10.1.2.3"]);
  expect(scope["headers"]).toContainEqual(["x-forwarded-host", "shop.example"]);
});

test("a websocket's scope has what its client offers", async () => {
  const scope = await scopeFor(
    ["GET /room HTTP/1.1", "Host: x", "Sec-WebSocket-Protocol: chat, talk", "Sec-WebSocket-Key: k"],
    { kind: "websocket" },
  );
  expect(scope).toMatchObject({ type: "websocket", scheme: "ws", subprotocols: ["chat", "talk"] });
  expect(scope).not.toHaveProperty("method");
  expect(scope["headers"]).not.toContainEqual(["sec-websocket-key", "k"]);
});

test("a proxy's request for a whole address is one for its path", async () => {
  const scope = await scopeFor(["GET http://shop.example/a?b HTTP/1.1", "Host: shop.example"]);
  expect(scope).toMatchObject({ path: "/a", query_string: "bytes:b" });
});

test("what is no escape stays as it is", () => {
  expect(percentDecoded("/100%/%zz/%41%")).toBe("/100%/%zz/A%");
});
