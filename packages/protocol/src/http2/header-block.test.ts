import * as fc from "fast-check";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "node:net";
import { ClientConnection } from "./client-connection.ts";
import { decodeHeaders, encodeHeaders } from "./header-block.ts";
import type { Headers } from "./header-list.ts";
import { nobody } from "./server-connection.ts";

const text = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 300,
});

const name = fc.stringMatching(/^x-[a-z0-9-]{1,200}$/);

test("headers survive our encoding and decoding", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => key }), (entries) => {
      expect([...decodeHeaders(encodeHeaders(entries)).fields]).toEqual(entries);
    }),
  );
});

test("headers that Node's own HTTP/2 encodes arrive as they were, and ours arrive there", async () => {
  const seen: IncomingHttpHeaders[] = [];
  let answer: Record<string, string> = {};
  const server = createServer();
  server.on("stream", (stream, headers) => {
    seen.push(headers);
    stream.respond({ ":status": 200, ...answer });
    stream.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const session = new ClientConnection(socket, { asks: true });
  onTestFinished(() => {
    session[Symbol.dispose]();
    server.close();
  });
  const request = (value: string) =>
    new Promise<Headers>((resolve, reject) => {
      let got: Headers = new Map();
      const headers: [string, string][] = [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", "/"],
        [":authority", "localhost"],
        ["x-value", value],
      ];
      const stream = session.request(encodeHeaders(headers), {
        ...nobody,
        headers: (received) => (got = received),
        end: () => resolve(got),
        broken: (failure) => reject(new Error(JSON.stringify(failure))),
      });
      stream.sendData(Buffer.from("body"), { end: true });
    });
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      answer = { "x-answer": value, etag: value, "content-type": "application/grpc" };
      const got = await request(value);
      expect(seen.at(-1)?.["x-value"]).toBe(value);
      expect(got.get("x-answer")).toBe(value);
      expect(got.get("etag")).toBe(value);
      expect(got.get(":status")).toBe("200");
    }),
    { numRuns: 200 },
  );
});
