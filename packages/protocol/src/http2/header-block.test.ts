import * as fc from "fast-check";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { decodeHeaders, encodeHeaders, type Headers } from "./header-block.ts";
import { Http2Session } from "./session.ts";

const text = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 300,
});

test("headers survive our encoding and decoding", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (entries) => {
      expect([...decodeHeaders(encodeHeaders(entries))]).toEqual(entries);
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
  const session = new Http2Session({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
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
      session.request(encodeHeaders(headers), Buffer.from("body"), {
        headers: (received) => (got = received),
        data: () => undefined,
        end: () => resolve(got),
        reset: (code) => reject(new Error(`reset ${code}`)),
        lost: reject,
      });
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
