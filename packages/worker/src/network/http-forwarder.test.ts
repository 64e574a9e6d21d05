import { sendManyOddly } from "@dorian/testkit/odd-requests";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HttpForwarder } from "./http-forwarder.ts";

async function forwarding(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    response.end("answered");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const forwarder = await HttpForwarder.open({
    address: "127.0.0.1",
    upstream: () => ({ host: "127.0.0.1", port }),
  });
  onTestFinished(async () => {
    await forwarder[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });
  return { port: forwarder.port, asked };
}

async function statusOf(port: number, target: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const [first] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return first.toString("latin1").slice("HTTP/1.1 ".length, "HTTP/1.1 200".length);
}

test("signed paths are passed on, and nothing that only begins like one [B18]", async () => {
  const { port, asked } = await forwarding();
  expect(await statusOf(port, "/blobs/bl-1?signature=s%2Bt")).toBe("200");
  for (const target of [
    "/blobs/../token-flow/x",
    "/blobs/%2e%2e/token-flow/x",
    "/blobs/..%2ftoken-flow/x",
    "/blobs/.%2e/token-flow/x",
    "/blobs/..\\token-flow/x",
    "//blobs/x",
    "/token-flow/x",
    "/blobs/x?a=1&a=2",
    "http://elsewhere/token-flow/x",
    "/",
  ]) {
    expect([target, await statusOf(port, target)]).toEqual([target, "404"]);
  }
  expect(asked).toEqual(["GET /blobs/bl-1?signature=s%2Bt"]);
});

test("thousands of odd requests change nothing, and none reaches what is not signed [B1]", async () => {
  const { port, asked } = await forwarding();
  await sendManyOddly({ host: "127.0.0.1", port }, { seed: 11, count: 3_000 });
  expect(await statusOf(port, "/blobs/bl-1")).toBe("200");
  expect(
    asked.filter((each) => !/^(?:GET|PUT|POST) \/(?:blobs|blocks|layers)\/[\w.~/-]*\??/.test(each)),
  ).toEqual([]);
}, 120_000);
