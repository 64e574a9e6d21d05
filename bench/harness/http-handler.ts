import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "../apps/web-handler.ts";

/** The handler of `bench/apps/web.ts` under Node's HTTP server and nothing else. */
const server = createServer(async (incoming, outgoing) => {
  const response = await answer(await requestOf(incoming));
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(body);
});

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2)
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  const { method = "GET", url = "/" } = incoming;
  return new Request(`http://${incoming.headers.host}${url}`, {
    method,
    headers,
    body: Buffer.concat(parts),
  });
}

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
