import { ModalClient } from "../modal.ts";
import { OperatorService } from "../operator.ts";
import { GrpcServer, mountService } from "../server/grpc-server.ts";
import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawField,
  rawFields,
  rawFrame,
  rawMessage,
  rawSettings,
  rawUint32,
} from "@dorian/testkit/raw-http2-peer";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorCode } from "./http2-error.ts";

// What RFC 9113 and RFC 7541 say that a server does with every kind of frame that is not as it should be. The peer is raw: it
// sends these bytes and nothing else.

let server: GrpcServer;
const released = Promise.withResolvers<void>();

beforeAll(async () => {
  server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, {
        appHeartbeat: async () => ({}),
        // Not answered while the cases run.
        appStop: async () => {
          await released.promise;
          return {};
        },
        appCreate: async () => ({ appId: "ap-1" }),
      }),
      mountService(OperatorService, {
        async *containerExec(requests) {
          for await (const { stdin } of requests) yield { stdout: stdin };
        },
      }),
    ],
    authenticate: () => ({ identity: { kind: "client", tokenId: "ak-1" } }),
    onInternalError: () => undefined,
  });
});
afterAll(async () => {
  released.resolve();
  await server[Symbol.asyncDispose]();
});

const path = (name: string) => `/modal.client.ModalClient/${name}`;
const endStream = 1;
const acknowledge = 1;
const endHeaders = 4;
const padded = 8;
const priority = 32;
const open = rawFrame("headers", endHeaders, 1, rawCall(path("AppStop")));
/** A call whose answer does not come. */
const waiting = rawFrame("headers", endHeaders, 1, rawCall(path("AppStop")));
const waitingEnd = rawFrame("data", endStream, 1, rawMessage());
const answered = rawFrame("headers", endHeaders, 1, rawCall(path("AppHeartbeat")));
const answeredEnd = rawFrame("data", endStream, 1, rawMessage());
const block = (fields: Buffer) => rawFrame("headers", endHeaders | endStream, 1, fields);
const mark = Buffer.from("the end.");

type Outcome = "served on" | { connection: number } | { stream: number };
const connectionError = (code: keyof typeof errorCode): Outcome => ({ connection: errorCode[code] });
const streamError = (code: keyof typeof errorCode): Outcome => ({ stream: errorCode[code] });

/** What comes of the bytes: the first error, or that a PING behind them is acknowledged. */
async function outcomeOf(bytes: Buffer[], options?: { begin: boolean }): Promise<Outcome> {
  using peer = await RawHttp2Peer.connect({ port: server.port }, options);
  for (const part of bytes) peer.write(part);
  peer.write(rawFrame("ping", 0, 0, mark));
  const frame = await peer.next(
    ({ type, payload }) =>
      type === frameTypes.goAway ||
      (type === frameTypes.resetStream && payload.readUInt32BE(0) !== errorCode.none) ||
      (type === frameTypes.ping && payload.equals(mark)),
  );
  if (frame?.type === frameTypes.goAway) {
    await peer.whenClosed();
    return { connection: frame.payload.readUInt32BE(4) };
  }
  if (frame?.type === frameTypes.resetStream) return { stream: frame.payload.readUInt32BE(0) };
  expect(frame).toBeDefined();
  return "served on";
}

const call = (...fields: [string, string][]) => rawCall(path("AppHeartbeat"), ...fields);
const without = (name: string) =>
  rawFields(
    ...(
      [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", path("AppHeartbeat")],
      ] as [string, string][]
    ).filter(([each]) => each !== name),
  );

const cases: [what: string, bytes: Buffer[], outcome: Outcome][] = [
  // 4.1, 4.2: frames
  ["a frame of an unknown type is passed over", [rawFrame(0x77, 0xff, 0, Buffer.alloc(8))], "served on"],
  ["unknown flags are passed over", [rawFrame("ping", 0xfe, 0, Buffer.alloc(8))], "served on"],
  [
    "the reserved bit of a stream's number is passed over",
    [rawFrame("windowUpdate", 0, 0x80000000, rawUint32(1))],
    "served on",
  ],
  [
    "a DATA frame of the largest size is taken",
    [open, rawFrame("data", 0, 1, Buffer.alloc(16_384))],
    "served on",
  ],
  [
    "a DATA frame beyond the largest size",
    [open, rawFrame("data", 0, 1, Buffer.alloc(16_385))],
    connectionError("frameSize"),
  ],
  [
    "a HEADERS frame beyond the largest size",
    [rawFrame("headers", 5, 1, Buffer.alloc(16_385))],
    connectionError("frameSize"),
  ],
  [
    "a frame that claims 16 MiB",
    [rawFrame("data", 0, 1, Buffer.alloc(0), 0xffffff)],
    connectionError("frameSize"),
  ],
  // 4.3: header blocks
  ["a header field that is cut off", [block(Buffer.from([0x40]))], connectionError("compression")],
  [
    "a string longer than its block",
    [block(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0x7f]))],
    connectionError("compression"),
  ],
  [
    "a number that does not end",
    [block(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    connectionError("compression"),
  ],
  ["an entry of an empty table", [block(Buffer.from([0xfe]))], connectionError("compression")],
  ["entry 0", [block(Buffer.from([0x80]))], connectionError("compression")],
  [
    "a table that is larger than agreed",
    [block(Buffer.from([0x3f, 0xe2, 0x1f]))],
    connectionError("compression"),
  ],
  [
    "a table that changes its size in mid-block",
    [block(Buffer.concat([call(), Buffer.from([0x20])]))],
    connectionError("compression"),
  ],
  [
    "a table that is emptied first is taken",
    [block(Buffer.concat([Buffer.from([0x20, 0x3f, 0xe1, 0x1f]), call()]))],
    "served on",
  ],
  [
    "Huffman padding of more than a byte",
    [block(Buffer.from([0, 0x82, 0x1f, 0xff, 0]))],
    connectionError("compression"),
  ],
  ["Huffman padding of zeros", [block(Buffer.from([0, 0x81, 0x18, 0]))], connectionError("compression")],
  [
    "Huffman text with the end of the string in it",
    [block(Buffer.from([0, 0x84, 0xff, 0xff, 0xff, 0xff, 0]))],
    connectionError("compression"),
  ],
  [
    "a PRIORITY frame within a header block",
    [rawFrame("headers", endStream, 1, call()), rawFrame("priority", 0, 1, Buffer.alloc(5))],
    connectionError("protocol"),
  ],
  [
    "an unknown frame within a header block",
    [rawFrame("headers", endStream, 1, call()), rawFrame(0x77, 0, 0)],
    connectionError("protocol"),
  ],
  [
    "another stream's headers within a header block",
    [rawFrame("headers", endStream, 1, call()), rawFrame("headers", 5, 3, call())],
    connectionError("protocol"),
  ],
  // 5.1: states of streams
  [
    "DATA on a stream that was never opened",
    [rawFrame("data", endStream, 1, rawMessage())],
    connectionError("protocol"),
  ],
  [
    "RST_STREAM on a stream that was never opened",
    [rawFrame("resetStream", 0, 1, rawUint32(8))],
    connectionError("protocol"),
  ],
  [
    "WINDOW_UPDATE on a stream that was never opened",
    [rawFrame("windowUpdate", 0, 1, rawUint32(8))],
    connectionError("protocol"),
  ],
  [
    "CONTINUATION without HEADERS",
    [rawFrame("continuation", endHeaders, 1, call())],
    connectionError("protocol"),
  ],
  ["DATA after the end of a request", [waiting, waitingEnd, waitingEnd], streamError("streamClosed")],
  [
    "HEADERS after the end of a request",
    [waiting, waitingEnd, rawFrame("headers", 5, 1, call())],
    streamError("streamClosed"),
  ],
  [
    "CONTINUATION after the end of a request",
    [waiting, waitingEnd, rawFrame("continuation", 4, 1, call())],
    connectionError("protocol"),
  ],
  [
    "DATA after the peer's reset",
    [open, rawFrame("resetStream", 0, 1, rawUint32(8)), waitingEnd],
    connectionError("streamClosed"),
  ],
  [
    "HEADERS after the peer's reset",
    [open, rawFrame("resetStream", 0, 1, rawUint32(8)), waiting],
    connectionError("streamClosed"),
  ],
  [
    "RST_STREAM, WINDOW_UPDATE and PRIORITY after the peer's reset are passed over",
    [
      open,
      rawFrame("resetStream", 0, 1, rawUint32(8)),
      rawFrame("resetStream", 0, 1, rawUint32(8)),
      rawFrame("windowUpdate", 0, 1, rawUint32(8)),
      rawFrame("priority", 0, 1, Buffer.alloc(5)),
    ],
    "served on",
  ],
  [
    "DATA and trailers after our own reset are passed over",
    [
      rawFrame("headers", endHeaders, 1, rawCall("/no/call")),
      rawFrame("data", 0, 1, Buffer.alloc(100)),
      rawFrame("headers", 5, 1, rawFields(["x-trailer", "1"])),
    ],
    "served on",
  ],
  ["a stream number that only servers use", [rawFrame("headers", 5, 2, call())], connectionError("protocol")],
  [
    "a stream number below the last one",
    [rawFrame("headers", 5, 5, call()), rawFrame("headers", 5, 3, call())],
    connectionError("streamClosed"),
  ],
  // 5.3: priorities
  [
    "PRIORITY on a stream that was never opened is passed over",
    [rawFrame("priority", 0, 5, Buffer.from([0, 0, 0, 1, 9]))],
    "served on",
  ],
  [
    "a stream that depends on itself by PRIORITY",
    [rawFrame("priority", 0, 1, Buffer.from([0, 0, 0, 1, 9]))],
    connectionError("protocol"),
  ],
  [
    "a stream that depends on itself by HEADERS",
    [rawFrame("headers", endHeaders | priority, 1, Buffer.concat([Buffer.from([0, 0, 0, 1, 9]), call()]))],
    streamError("protocol"),
  ],
  [
    "headers with a priority are taken",
    [
      rawFrame("headers", endHeaders | priority, 1, Buffer.concat([Buffer.from([0x80, 0, 0, 3, 9]), call()])),
      answeredEnd,
    ],
    "served on",
  ],
  [
    "a priority that is cut off",
    [rawFrame("headers", endHeaders | priority, 1, Buffer.alloc(3))],
    connectionError("frameSize"),
  ],
  // 6: single frames
  ["DATA without a stream", [rawFrame("data", 0, 0, Buffer.alloc(1))], connectionError("protocol")],
  ["HEADERS without a stream", [rawFrame("headers", 5, 0, call())], connectionError("protocol")],
  [
    "DATA with more padding than bytes",
    [open, rawFrame("data", padded, 1, Buffer.from([2, 0]))],
    connectionError("protocol"),
  ],
  [
    "DATA with as much padding as bytes",
    [open, rawFrame("data", padded, 1, Buffer.from([1]))],
    connectionError("protocol"),
  ],
  [
    "DATA that should have padding and is empty",
    [open, rawFrame("data", padded, 1)],
    connectionError("protocol"),
  ],
  [
    "DATA that is padding alone is taken",
    [open, rawFrame("data", padded, 1, Buffer.from([1, 0]))],
    "served on",
  ],
  [
    "HEADERS with more padding than bytes",
    [rawFrame("headers", endHeaders | padded, 1, Buffer.from([9, 0]))],
    connectionError("protocol"),
  ],
  ["PRIORITY without a stream", [rawFrame("priority", 0, 0, Buffer.alloc(5))], connectionError("protocol")],
  [
    "PRIORITY of another size",
    [open, rawFrame("priority", 0, 1, Buffer.alloc(4))],
    connectionError("frameSize"),
  ],
  ["RST_STREAM without a stream", [rawFrame("resetStream", 0, 0, rawUint32(8))], connectionError("protocol")],
  [
    "RST_STREAM of another size",
    [open, rawFrame("resetStream", 0, 1, Buffer.alloc(3))],
    connectionError("frameSize"),
  ],
  ["SETTINGS on a stream", [rawFrame("settings", 0, 1)], connectionError("protocol")],
  [
    "SETTINGS that acknowledge with a payload",
    [rawFrame("settings", acknowledge, 0, Buffer.alloc(6))],
    connectionError("frameSize"),
  ],
  ["SETTINGS that are cut off", [rawFrame("settings", 0, 0, Buffer.alloc(3))], connectionError("frameSize")],
  ["ENABLE_PUSH 2", [rawSettings([2, 2])], connectionError("protocol")],
  ["INITIAL_WINDOW_SIZE 2^31", [rawSettings([4, 2 ** 31])], connectionError("flowControl")],
  [
    "INITIAL_WINDOW_SIZE 2^31 before a smaller one",
    [rawSettings([4, 2 ** 31], [4, 1])],
    connectionError("flowControl"),
  ],
  ["MAX_FRAME_SIZE below the least", [rawSettings([5, 16_383])], connectionError("protocol")],
  ["MAX_FRAME_SIZE above the most", [rawSettings([5, 2 ** 24])], connectionError("protocol")],
  ["an unknown setting is passed over", [rawSettings([0xff, 1])], "served on"],
  ["PUSH_PROMISE", [rawFrame("pushPromise", endHeaders, 1, Buffer.alloc(8))], connectionError("protocol")],
  ["PING on a stream", [rawFrame("ping", 0, 1, Buffer.alloc(8))], connectionError("protocol")],
  ["PING of another size", [rawFrame("ping", 0, 0, Buffer.alloc(7))], connectionError("frameSize")],
  [
    "an acknowledgement of no PING is passed over",
    [rawFrame("ping", acknowledge, 0, Buffer.alloc(8))],
    "served on",
  ],
  ["GOAWAY on a stream", [rawFrame("goAway", 0, 1, Buffer.alloc(8))], connectionError("protocol")],
  ["GOAWAY that is cut off", [rawFrame("goAway", 0, 0, Buffer.alloc(7))], connectionError("frameSize")],
  [
    "WINDOW_UPDATE of another size",
    [rawFrame("windowUpdate", 0, 0, Buffer.alloc(3))],
    connectionError("frameSize"),
  ],
  ["WINDOW_UPDATE by nothing", [rawFrame("windowUpdate", 0, 0, rawUint32(0))], connectionError("protocol")],
  [
    "WINDOW_UPDATE by nothing on a stream",
    [open, rawFrame("windowUpdate", 0, 1, rawUint32(0))],
    streamError("protocol"),
  ],
  [
    "a window of the connection beyond 2^31-1",
    [rawFrame("windowUpdate", 0, 0, rawUint32(2 ** 31 - 1))],
    connectionError("flowControl"),
  ],
  [
    "a window of a stream beyond 2^31-1",
    [open, rawFrame("windowUpdate", 0, 1, rawUint32(2 ** 31 - 1))],
    streamError("flowControl"),
  ],
  [
    "a window of a stream beyond 2^31-1 by SETTINGS",
    [open, rawFrame("windowUpdate", 0, 1, rawUint32(2 ** 31 - 1 - 65_535)), rawSettings([4, 65_536])],
    connectionError("flowControl"),
  ],
  [
    "CONTINUATION without a stream",
    [rawFrame("headers", endStream, 1, call()), rawFrame("continuation", endHeaders, 0)],
    connectionError("protocol"),
  ],
  [
    "headers in several frames are taken",
    [
      rawFrame("headers", endStream, 1, call().subarray(0, 9)),
      rawFrame("continuation", 0, 1, call().subarray(9, 30)),
      rawFrame("continuation", endHeaders, 1, call().subarray(30)),
    ],
    "served on",
  ],
  // 8: requests
  ["a name in upper case", [block(call(["X-Test", "1"]))], streamError("protocol")],
  ["a name with a space", [block(call(["x test", "1"]))], streamError("protocol")],
  ["an empty name", [block(call(["", "1"]))], streamError("protocol")],
  ["a value with a line break", [block(call(["x-test", "1\r\nx-other: 2"]))], streamError("protocol")],
  ["a value with a zero byte", [block(call(["x-test", "\0"]))], streamError("protocol")],
  ["an unknown pseudo-header", [block(call([":test", "1"]))], streamError("protocol")],
  [
    ":status in a request",
    [block(Buffer.concat([rawField(":status", "200"), call()]))],
    streamError("protocol"),
  ],
  [
    "a pseudo-header behind others",
    [block(Buffer.concat([rawField("x-test", "1"), call()]))],
    streamError("protocol"),
  ],
  ["a pseudo-header in trailers", [open, block(rawFields([":path", "/"]))], streamError("protocol")],
  [
    "trailers that do not end the request",
    [open, rawFrame("headers", endHeaders, 1, rawFields(["x-test", "1"]))],
    streamError("protocol"),
  ],
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"].map(
    (name): [string, Buffer[], Outcome] => [
      `the header ${name}`,
      [block(call([name, "x"]))],
      streamError("protocol"),
    ],
  ),
  [
    "te with something else than trailers",
    [block(rawFields([":method", "POST"], [":scheme", "http"], [":path", "/"], ["te", "trailers, deflate"]))],
    streamError("protocol"),
  ],
  ...[":method", ":scheme", ":path"].flatMap((name): [string, Buffer[], Outcome][] => [
    [`a request without ${name}`, [block(without(name))], streamError("protocol")],
    [`${name} twice`, [block(Buffer.concat([rawField(name, "x"), call()]))], streamError("protocol")],
  ]),
  [
    ":authority twice, with one value",
    [block(Buffer.concat([rawField(":authority", "localhost"), call()]))],
    streamError("protocol"),
  ],
  [
    "an empty :path",
    [block(rawFields([":method", "POST"], [":scheme", "http"], [":path", ""]))],
    streamError("protocol"),
  ],
  ["content-length that is no number", [block(call(["content-length", "-1"]))], streamError("protocol")],
  ["content-length without a body", [block(call(["content-length", "5"]))], streamError("protocol")],
  [
    "more bytes than content-length",
    [rawFrame("headers", endHeaders, 1, rawCall(path("AppStop"), ["content-length", "4"])), waitingEnd],
    streamError("protocol"),
  ],
  [
    "fewer bytes than content-length",
    [rawFrame("headers", endHeaders, 1, rawCall(path("AppStop"), ["content-length", "6"])), waitingEnd],
    streamError("protocol"),
  ],
  [
    "as many bytes as content-length are taken",
    [rawFrame("headers", endHeaders, 1, rawCall(path("AppStop"), ["content-length", "5"])), waitingEnd],
    "served on",
  ],
  [
    "settings in the middle are acknowledged",
    [answered, rawSettings([4, 1], [4, 100]), answeredEnd],
    "served on",
  ],
];

test.each(cases)("%s", async (_what, bytes, expected) => {
  expect(await outcomeOf(bytes)).toEqual(expected);
});

test.each<[string, Buffer[]]>([
  ["HTTP/1", [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ["a preface with one wrong byte", [Buffer.from("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n"), rawSettings()]],
  ["no settings first", [http2Preface, rawFrame("headers", 5, 1, call())]],
  ["an acknowledgement first", [http2Preface, rawFrame("settings", acknowledge, 0)]],
])("who begins with %s is let go", async (_what, bytes) => {
  expect(await outcomeOf(bytes, { begin: false })).toEqual(connectionError("protocol"));
});

test("a conversation is understood however it is cut into packets", async () => {
  using peer = await RawHttp2Peer.connect({ port: server.port }, { begin: false });
  const bytes = Buffer.concat([http2Preface, rawSettings(), answered, answeredEnd]);
  for (const byte of bytes) {
    peer.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const trailers = await peer.next(
    ({ type, flags }) => type === frameTypes.headers && (flags & endStream) !== 0,
  );
  expect(trailers?.streamId).toBe(1);
});

test("an answer keeps to the windows of its stream, its connection, and to frames that the peer takes", async () => {
  using peer = await RawHttp2Peer.connect({ port: server.port }, { begin: false });
  peer.write(
    http2Preface,
    rawSettings([4, 3]),
    rawFrame("headers", endHeaders, 1, rawCall(path("AppCreate"))),
    answeredEnd,
  );
  const isData = ({ type }: { type: number }) => type === frameTypes.data;
  const first = await peer.next(isData);
  expect(first?.payload.length).toBe(3);
  // A window that shrinks below zero has to grow again before anything moves.
  peer.write(rawSettings([4, 1]), rawFrame("windowUpdate", 0, 1, rawUint32(2)), rawFrame("ping", 0, 0, mark));
  await peer.next(({ type }) => type === frameTypes.ping);
  expect(peer.frames.filter(isData)).toEqual([]);
  peer.write(rawFrame("windowUpdate", 0, 1, rawUint32(1)));
  expect((await peer.next(isData))?.payload.length).toBe(1);
});

test("the largest headers that are allowed are taken, one field more ends the connection", async () => {
  const value = "x".repeat(4000);
  const fields = (count: number) =>
    Array.from({ length: count }, (_, index): [string, string] => [`x-${index}`, value]);
  const inFrames = (fieldBlock: Buffer): Buffer[] => {
    const frames = [rawFrame("headers", endStream, 1, fieldBlock.subarray(0, 16_384))];
    for (let at = 16_384; at < fieldBlock.length; at += 16_384) {
      const last = at + 16_384 >= fieldBlock.length;
      frames.push(rawFrame("continuation", last ? endHeaders : 0, 1, fieldBlock.subarray(at, at + 16_384)));
    }
    return frames;
  };
  expect(await outcomeOf(inFrames(call(...fields(15))))).toBe("served on");
  expect(await outcomeOf(inFrames(call(...fields(17))))).toEqual(connectionError("enhanceYourCalm"));
});

test("a peer that does not speak is let go of when it closes its side", async () => {
  const socket = connect(server.port, "127.0.0.1");
  socket.resume().end();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(socket.destroyed).toBe(true);
});
