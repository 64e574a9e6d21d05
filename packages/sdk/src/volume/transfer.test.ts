import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { receiveBytes, sendBytes } from "./transfer.ts";

const options = () => ({ file: "weights", signal: new AbortController().signal });

test("bytes are sent with their length, and the answer comes back", async () => {
  const seen: { method: string | undefined; length: string | undefined; body: string }[] = [];
  const url = await serve(async (request, response) => {
    const body = (await buffer(request)).toString();
    seen.push({ method: request.method, length: request.headers["content-length"], body });
    response.end("receipt");
  });
  expect(Buffer.from(await sendBytes(url, Buffer.from("block"), options())).toString()).toBe("receipt");
  await sendBytes(url, new Uint8Array(), options());
  expect(seen).toEqual([
    { method: "PUT", length: "5", body: "block" },
    { method: "PUT", length: "0", body: "" },
  ]);
});

test("a broken connection and a server error are tried again", async () => {
  let count = 0;
  const url = await serve(async (request, response) => {
    count += 1;
    if (count === 1) request.socket.destroy();
    else response.writeHead(count === 2 ? 503 : 200).end("bytes");
  });
  expect(Buffer.from(await receiveBytes(url, 5, options())).toString()).toBe("bytes");
  expect(count).toBe(3);
});

test.for<[number, string, string, string]>([
  [403, "TRANSFER_REFUSED", "FAILED_PRECONDITION", "The address has expired."],
  [507, "STORAGE_FULL", "RESOURCE_EXHAUSTED", "There is no space left."],
])("a refusal (%d) is an error at once, with what the server says", async ([answer, code, status, text]) => {
  let count = 0;
  const url = await serve(async (_, response) => {
    count += 1;
    response.writeHead(answer).end(text);
  });
  const refused = sendBytes(url, Buffer.from("x"), options());
  await expect(refused).rejects.toMatchObject({ code, status });
  await expect(refused).rejects.toThrow(text);
  expect(count).toBe(1);
});

test("a refusal that comes before all was sent is told, and an abort ends the sending", async () => {
  const url = await serve(async (request, response) => {
    if (request.url === "/refused") response.writeHead(403, { connection: "close" }).end("no");
  });
  const bytes = Buffer.alloc(8 * 1024 * 1024, 1);
  await expect(sendBytes(`${url}refused`, bytes, options())).rejects.toThrow("no");
  const stop = new AbortController();
  const sending = sendBytes(url, bytes, { file: "weights", signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(sending).rejects.toThrow("enough");
});

test("fewer bytes than there must be are an error, not a shorter file", async () => {
  const url = await serve(async (_, response) => void response.end("1234"));
  await expect(receiveBytes(url, 5, options())).rejects.toMatchObject({ code: "TRANSFER_INCOMPLETE" });
});

test("an abort ends the wait for a server that does not answer", async () => {
  const stop = new AbortController();
  const url = await serve(async () => stop.abort(new Error("enough")));
  await expect(receiveBytes(url, 5, { file: "weights", signal: stop.signal })).rejects.toThrow("enough");
});

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
