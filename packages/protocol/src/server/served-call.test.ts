import { AppError } from "@dorian/base/app-error";
import {
  frameTypes,
  RawHttp2Peer,
  rawCall,
  rawFields,
  rawFrame,
  rawMessage,
} from "@dorian/testkit/raw-http2-peer";
import { expect, onTestFinished, test } from "vitest";
import { GrpcServer, mountService } from "./grpc-server.ts";
import { decodeHeaders } from "../http2/header-block.ts";
import { ModalClient } from "../modal.ts";
import { RequestMemory } from "../memory/request-memory.ts";
import type { CallContext } from "../service.ts";

const refused = new AppError("TOKEN_MISSING", "No token.", { status: "UNAUTHENTICATED", remedy: "Ask." });
const mebibyte = 1024 * 1024;

/** A server that lets anybody call ClientHello, and those with a token everything. */
async function serve(memory = new RequestMemory()) {
  const contexts: CallContext[] = [];
  const internal: unknown[] = [];
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    memory,
    services: [
      mountService(ModalClient, {
        async clientHello(_request, context) {
          contexts.push(context);
          return {};
        },
        appCreate: async () => ({}),
        appHeartbeat: () => new Promise(() => undefined),
      }),
    ],
    authenticate: (metadata) => {
      const tokenId = String(metadata.get("x-modal-token-id")[0] ?? "");
      return { identity: tokenId === "" ? { kind: "anonymous" } : { kind: "client", tokenId } };
    },
    admit: (method, { identity }) => {
      if (identity.kind === "anonymous" && method.name !== "ClientHello") throw refused;
    },
    onInternalError: (error) => internal.push(error),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const peer = await RawHttp2Peer.connect({ port: server.port });
  onTestFinished(() => peer[Symbol.dispose]());
  return { peer, contexts, internal, memory };
}

const path = (name: string) => `/modal.client.ModalClient/${name}`;
const begin = (name: string, ...fields: [string, string][]) =>
  rawFrame("headers", 4, 1, rawCall(path(name), ...fields));
const token: [string, string] = ["x-modal-token-id", "ak-1"];
const whole = rawFrame("data", 1, 1, rawMessage());

/** The headers that end the call. */
async function endOf(peer: RawHttp2Peer): Promise<Map<string, string>> {
  const last = await peer.next(({ type, flags }) => type === frameTypes.headers && (flags & 1) === 1);
  return new Map(last ? decodeHeaders(last.payload).fields : []);
}

test("who has no token is refused when the headers are there, whatever is in the request", async () => {
  const { peer } = await serve();
  peer.write(begin("AppCreate"));
  expect((await endOf(peer)).get("dorian-error-code")).toBe("TOKEN_MISSING");
});

test("without a token a message has at most 64 KiB", async () => {
  const { peer } = await serve();
  peer.write(begin("ClientHello"), rawFrame("data", 0, 1, rawMessage(new Uint8Array(), 64 * 1024 + 1)));
  const end = await endOf(peer);
  expect(end.get("dorian-error-code")).toBe("MESSAGE_TOO_LARGE");
  expect(end.get("grpc-status")).toBe("8");
});

test("unfinished requests hold what has come of them, whatever they claim, and nothing once they are over", async () => {
  const { peer, memory } = await serve(new RequestMemory({ caller: 2 * mebibyte }));
  const piece = Buffer.alloc(16_384);
  const claim = (id: number) => [
    rawFrame("headers", 4, id, rawCall(path("AppCreate"), token)),
    rawFrame("data", 0, id, rawMessage(new Uint8Array(), 100 * mebibyte)),
  ];
  for (let id = 1; id < 100; id += 2) peer.write(...claim(id));
  peer.write(rawFrame("ping", 0, 0, Buffer.alloc(8)));
  await peer.next(({ type }) => type === frameTypes.ping);
  expect(memory.heldBytes()).toBeLessThanOrEqual(50 * 16_384);
  for (let sent = 0; sent < 3 * mebibyte; sent += piece.length) peer.write(rawFrame("data", 0, 1, piece));
  expect((await endOf(peer)).get("dorian-error-code")).toBe("REQUESTS_TOO_LARGE");
  peer[Symbol.dispose]();
  while (memory.heldBytes() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(memory.heldBytes()).toBe(0);
});

test.each<[string, [string, string], string]>([
  ["an authority that is none", [":authority", "["], "CALL_HEADER_INVALID"],
  ["an authority with a user", [":authority", "me@host:1"], "CALL_HEADER_INVALID"],
  ["an authority with a path", [":authority", "host/x"], "CALL_HEADER_INVALID"],
  ["an authority with a port that is none", [":authority", "host:99999"], "CALL_HEADER_INVALID"],
  ["another scheme", [":scheme", "ftp"], "CALL_HEADER_INVALID"],
])("%s is refused with what to send instead [B18]", async (_what, [name, value], code) => {
  const { peer, internal } = await serve();
  const fields: [string, string][] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path("ClientHello")],
    [":authority", "localhost"],
  ];
  const changed = fields.map((field): [string, string] => (field[0] === name ? [name, value] : field));
  peer.write(rawFrame("headers", 4, 1, rawFields(...changed)), whole);
  const end = await endOf(peer);
  expect([end.get("dorian-error-code"), end.get("grpc-status")]).toEqual([code, "3"]);
  expect(internal).toEqual([]);
});

test.each<[string, [string, string]]>([
  ["a forwarded protocol that is none", ["x-forwarded-proto", "javascript"]],
  ["a time limit that is none", ["grpc-timeout", "soon"]],
  ["a negative time limit", ["grpc-timeout", "-1S"]],
])("%s is refused [B18]", async (_what, field) => {
  const { peer } = await serve();
  peer.write(begin("ClientHello", field), whole);
  expect((await endOf(peer)).get("dorian-error-code")).toBe("CALL_HEADER_INVALID");
});

test("a header that comes twice with one value is that value, and others are joined [B20]", async () => {
  const { peer, contexts } = await serve();
  const fields: [string, string][] = [
    ["x-modal-client-version", "1.5.4"],
    ["x-modal-client-version", "1.5.4"],
    ["x-idempotency-key", "a"],
    ["x-idempotency-key", "b"],
    ["x-forwarded-proto", "https"],
  ];
  peer.write(begin("ClientHello", ...fields), whole);
  expect((await endOf(peer)).get("grpc-status")).toBe("0");
  expect(contexts).toMatchObject([
    { clientVersion: "1.5.4", idempotencyKey: "a, b", calledUrl: "https://localhost" },
  ]);
});

test.each<[string, Buffer, string]>([
  ["that is no message", rawFrame("data", 1, 1, rawMessage(Buffer.from([0xff, 0xff]))), "MESSAGE_MALFORMED"],
  ["without a message", rawFrame("data", 1, 1), "CALL_INCOMPLETE"],
  ["that is cut off", rawFrame("data", 1, 1, rawMessage(Buffer.alloc(2), 9)), "CALL_INCOMPLETE"],
  ["of two messages", rawFrame("data", 1, 1, Buffer.concat([rawMessage(), rawMessage()])), "CALL_REPEATED"],
])("a request %s is its sender's mistake, not the server's", async (_what, frame, code) => {
  const { peer, internal } = await serve();
  peer.write(begin("AppCreate", token), frame);
  expect((await endOf(peer)).get("dorian-error-code")).toBe(code);
  expect(internal).toEqual([]);
});
