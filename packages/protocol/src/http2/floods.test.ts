import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawFrame,
  rawMessage,
  rawSettings,
} from "@dorian/testkit/raw-http2-peer";
import { Duplex } from "node:stream";
import { AppError } from "@dorian/base/app-error";
import { expect, onTestFinished, test } from "vitest";
import { GrpcServer, mountService } from "../server/grpc-server.ts";
import { ModalClient } from "../modal.ts";
import { errorCode } from "./http2-error.ts";
import { nobody, serveConnection } from "./server-connection.ts";

/** A socket whose other end has said `bytes` in one go and then nothing, not even that it is done. */
class OneChunk extends Duplex {
  /** Types of the frames that were sent. */
  readonly sent: number[] = [];
  ends = 0;

  say(bytes: Buffer): void {
    this.push(bytes);
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
      this.sent.push(bytes[at + 3] ?? -1);
    done();
  }

  override end(...args: unknown[]): this {
    this.ends += 1;
    return super.end(...(args as []));
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const many = (count: number, part: (index: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => part(index)));
const goAway = rawFrame("goAway", 0, 0, Buffer.alloc(8));
const ping = rawFrame("ping", 0, 0, Buffer.alloc(8));
const requestEnd = (id: number, message = rawMessage()) => rawFrame("data", 1, id, message);
const path = (name: string) => `/modal.client.ModalClient/${name}`;
const begin = (id: number, name = "ClientHello", ...fields: [string, string][]) =>
  rawFrame("headers", 4, id, rawCall(path(name), ...fields));

function connectionWith(chunk: Buffer): OneChunk {
  const socket = new OneChunk();
  const connection = serveConnection(socket, { asks: false, onRequest: () => nobody });
  onTestFinished(() => connection[Symbol.dispose]());
  socket.say(Buffer.concat([http2Preface, rawSettings(), chunk]));
  return socket;
}

test("who leaves is let go once, and nothing that is behind its goodbye is handled", async () => {
  const socket = connectionWith(Buffer.concat([many(1_000, () => goAway), ping, begin(1)]));
  await settled();
  expect(socket.ends).toBe(1);
  expect(socket.sent).not.toContain(frameTypes.ping);
  socket.say(Buffer.concat([goAway, ping]));
  await settled();
  expect(socket.ends).toBe(1);
  expect(socket.sent).not.toContain(frameTypes.ping);
});

test("the end of the last request of one who leaves ends the connection once, whatever else is in the same bytes", async () => {
  const reset = rawFrame("resetStream", 0, 1, Buffer.alloc(4));
  const socket = connectionWith(Buffer.concat([begin(1), goAway, reset, goAway, ping, begin(3), ping]));
  await settled();
  expect(socket.ends).toBe(1);
  expect(socket.sent).not.toContain(frameTypes.ping);
});

/** A server that answers ClientHello to anybody, and everything to those with a token. */
async function serve() {
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, {
        clientHello: async () => ({}),
        appHeartbeat: async () => ({}),
        appStop: async () => {
          throw new AppError("APP_GONE", "It is gone.", { status: "NOT_FOUND", remedy: "Look." });
        },
      }),
    ],
    authenticate: (metadata) => {
      const tokenId = String(metadata.get("x-modal-token-id")[0] ?? "");
      if (tokenId === "wrong")
        throw new AppError("TOKEN_INVALID", "No.", { status: "UNAUTHENTICATED", remedy: "Ask." });
      return { identity: tokenId === "" ? { kind: "anonymous" } : { kind: "client", tokenId } };
    },
    admit: (method, { identity }) => {
      if (identity.kind === "anonymous" && method.name !== "ClientHello")
        throw new AppError("TOKEN_MISSING", "No.", { status: "UNAUTHENTICATED", remedy: "Ask." });
    },
    onInternalError: () => undefined,
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const peer = await RawHttp2Peer.connect({ port: server.port });
  onTestFinished(() => peer[Symbol.dispose]());
  return peer;
}

/** Says a thing again and again; returns the code with which the connection was ended, or that it was not. */
async function outcomeOf(peer: RawHttp2Peer, count: number, part: (id: number) => Uint8Array) {
  const burst = 50;
  for (let index = 0; index < count && !peer.closed; index += burst) {
    const isAcknowledged = peer.next(
      ({ type, flags }) => type === frameTypes.goAway || (type === frameTypes.ping && flags === 1),
    );
    peer.write(
      many(burst, (each) => part(2 * (index + each) + 1)),
      ping,
    );
    const frame = await isAcknowledged;
    if (frame?.type === frameTypes.goAway) return frame.payload.readUInt32BE(4);
  }
  return "served on";
}

const withToken: [string, string] = ["x-modal-token-id", "ak-1"];

test.each<[string, (id: number) => Uint8Array]>([
  ["acknowledgements of pings that were not sent", () => rawFrame("ping", 1, 0, Buffer.alloc(8))],
  ["acknowledgements of settings that were not sent", () => rawFrame("settings", 1, 0)],
  [
    "malformed requests without a token",
    (id) => Buffer.concat([begin(id), requestEnd(id, Buffer.from([0, 255, 255, 255, 255]))]),
  ],
  [
    "malformed requests with a token",
    (id) =>
      Buffer.concat([
        begin(id, "AppHeartbeat", withToken),
        requestEnd(id, rawMessage(Buffer.from([255, 255]))),
      ]),
  ],
  ["whole requests without a token", (id) => Buffer.concat([begin(id), requestEnd(id)])],
  [
    "requests that nobody may make without a token",
    (id) => Buffer.concat([begin(id, "AppStop"), requestEnd(id)]),
  ],
  ["requests with a wrong token", (id) => begin(id, "AppStop", ["x-modal-token-id", "wrong"])],
  ["requests for calls that there are not", (id) => begin(id, "Nothing", withToken)],
  ["requests for calls that are not served", (id) => begin(id, "AppDeploy", withToken)],
])("a connection has an end for %s", async (_what, part) => {
  expect(await outcomeOf(await serve(), 5_000, part)).toBe(errorCode.enhanceYourCalm);
});

test("a connection that says goodbye again and again while it waits for an answer has an end", async () => {
  const peer = await serve();
  peer.write(begin(1, "AppHeartbeat", withToken));
  expect(await outcomeOf(peer, 5_000, () => goAway)).toBe(errorCode.enhanceYourCalm);
});

test.each<[string, number, (id: number) => Uint8Array]>([
  [
    "as many calls without a token as a client makes",
    250,
    (id) => Buffer.concat([begin(id), requestEnd(id)]),
  ],
  [
    "any number of calls with a token",
    5_000,
    (id) => Buffer.concat([begin(id, "AppHeartbeat", withToken), requestEnd(id)]),
  ],
  [
    "any number of calls with a token that fail",
    5_000,
    (id) => Buffer.concat([begin(id, "AppStop", withToken), requestEnd(id)]),
  ],
])("%s are answered", async (_what, count, part) => {
  expect(await outcomeOf(await serve(), count, part)).toBe("served on");
});
