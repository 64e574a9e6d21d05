import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf } from "./incoming-body.ts";

const tooLarge = () => new Error("too large");
const terms = { maxBytes: Infinity, tooLarge };

test("a body arrives whole and in order, however slowly it is read, and what is gone through takes no memory [B8]", async () => {
  const sent = Buffer.from(Uint32Array.from({ length: 1_500_000 }, (_, index) => index).buffer);
  const received = await served(sent, async (incoming) => {
    const pieces: Buffer[] = [];
    let before: readonly Uint8Array[] = [];
    let most = 0;
    for await (const batch of bodyOf(incoming, terms)) {
      expect(before.map(({ length }) => length)).toEqual(before.map(() => 0));
      before = batch;
      const bytes = Buffer.concat(batch);
      most = Math.max(most, bytes.length);
      pieces.push(bytes);
      if (pieces.length < 4) await setTimeout(30);
    }
    // What makes a batch, and what one read of a socket may add to that.
    expect(most).toBeLessThanOrEqual(512 * 1024 + 64 * 1024);
    return Buffer.concat(pieces);
  });
  expect(received.equals(sent)).toBe(true);
});

test("a body that has no bytes ends at once", async () => {
  const batches = await served(Buffer.alloc(0), (incoming) => batchesOf(bodyOf(incoming, terms)));
  expect(batches).toEqual([]);
});

test("more than there may be is an error, after which an answer still arrives [B8]", async () => {
  const answer = await served(Buffer.alloc(3_000_000), async (incoming) => {
    const reading = batchesOf(bodyOf(incoming, { maxBytes: 1_000_000, tooLarge }));
    await expect(reading).rejects.toThrow("too large");
    incoming.resume();
    return "answered";
  });
  expect(answer).toBe("answered");
});

test("a peer that leaves in the middle is an error, also for who begins to read after that", async () => {
  const seen = Promise.withResolvers<IncomingMessage>();
  const port = await listening((incoming) => seen.resolve(incoming));
  const sending = request({ port, method: "PUT", headers: { "content-length": 100 } }).on("error", () => {});
  sending.write("half");
  const incoming = await seen.promise;
  const reading = batchesOf(bodyOf(incoming, terms));
  sending.destroy();
  await expect(reading).rejects.toThrow("aborted");
  await expect(batchesOf(bodyOf(incoming, terms))).rejects.toThrow("closed before all");
});

async function batchesOf(body: AsyncIterable<readonly Uint8Array[]>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const batch of body) lengths.push(batch.length);
  return lengths;
}

/** What `handle` returns for a request with that body, once the request has been answered. */
async function served<T>(body: Buffer, handle: (incoming: IncomingMessage) => Promise<T>): Promise<T> {
  const result = Promise.withResolvers<T>();
  const port = await listening((incoming, end) => {
    result.resolve(handle(incoming));
    void result.promise.finally(end).catch(() => undefined);
  });
  const sending = request({ port, method: "PUT", headers: { "content-length": body.length } }).end(body);
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  response.resume();
  return await result.promise;
}

async function listening(onRequest: (incoming: IncomingMessage, end: () => void) => void): Promise<number> {
  const server = createServer((incoming, response) => {
    incoming.on("error", () => undefined);
    onRequest(incoming, () => response.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
