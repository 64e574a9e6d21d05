import { setTimeout as delay } from "node:timers/promises";
import { seededNumbers } from "./odd-requests.ts";
import {
  http2Preface,
  RawHttp2Peer,
  rawField,
  rawFields,
  rawFrame,
  rawMessage,
  rawSettings,
  rawUint32,
  serveRawHttp2,
} from "./raw-http2-peer.ts";

/** Numbers of one case: each has a seed of its own, so that it can be run alone. */
class Dice {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededNumbers(seed);
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most + 1) }, () => this.below(256)));
  }

  /** Numbers that are near a border more often than not. */
  number(): number {
    return this.pick([
      0,
      1,
      2,
      3,
      4,
      5,
      127,
      128,
      255,
      16_383,
      16_384,
      65_535,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      this.below(2 ** 32),
    ]);
  }
}

/** Something that may be a protobuf message: fields of all kinds, some of them messages again. */
function messageBytes(dice: Dice, depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let count = dice.below(6); count > 0; count -= 1) {
    const field = 1 + dice.below(20);
    const wireType = dice.pick([0, 1, 2, 2, 2, 5, 7]);
    parts.push(Buffer.from([((field & 15) << 3) | wireType]));
    if (wireType === 2) {
      const value = depth < 5 && dice.chance(0.5) ? messageBytes(dice, depth + 1) : dice.bytes(40);
      parts.push(Buffer.from([dice.chance(0.9) ? value.length & 127 : dice.below(128)]), value);
    } else parts.push(dice.bytes(8));
  }
  return Buffer.concat(parts);
}

function headerBlock(dice: Dice, fields: [string, string][]): Buffer {
  const parts = fields.map(([name, value]) => rawField(name, value, dice.pick([0, 0x10, 0x40])));
  if (dice.chance(0.2)) parts.push(Buffer.from([0x80 | dice.below(128)]));
  if (dice.chance(0.1)) parts.unshift(Buffer.from([0x20 | dice.below(32)]));
  if (dice.chance(0.1)) parts.push(Buffer.from([0x00, 0x80 | dice.below(20)]), dice.bytes(20));
  return Buffer.concat(parts);
}

/** A header block as HEADERS and CONTINUATION frames. */
function headerFrames(dice: Dice, streamId: number, block: Buffer, endStream: boolean): Buffer[] {
  const cut = dice.chance(0.3) ? dice.below(block.length + 1) : block.length;
  const flags = endStream ? 1 : 0;
  if (cut === block.length) return [rawFrame("headers", flags | 4, streamId, block)];
  return [
    rawFrame("headers", flags, streamId, block.subarray(0, cut)),
    rawFrame("continuation", 4, streamId, block.subarray(cut)),
  ];
}

/** What a client or a server sends beside requests and answers. */
function otherFrame(dice: Dice, streamId: number): Buffer {
  const stream = dice.pick([0, streamId, streamId + 2, dice.number()]);
  switch (dice.below(8)) {
    case 0:
      return rawFrame("ping", dice.below(2), 0, dice.chance(0.9) ? Buffer.alloc(8) : dice.bytes(9));
    case 1:
      return rawSettings([dice.below(9), dice.number()], [4, dice.number()]);
    case 2:
      return rawFrame("windowUpdate", 0, stream, rawUint32(dice.number()));
    case 3:
      return rawFrame("resetStream", 0, stream, rawUint32(dice.below(15)));
    case 4:
      return rawFrame("priority", 0, stream, dice.bytes(5));
    case 5:
      return rawFrame("goAway", 0, 0, Buffer.concat([rawUint32(dice.number()), rawUint32(0), dice.bytes(5)]));
    case 6:
      return rawFrame(dice.below(256), dice.below(256), stream, dice.bytes(30));
    default:
      return rawFrame("settings", 1, 0);
  }
}

function clientConversation(
  dice: Dice,
  paths: readonly [string, ...string[]],
  fields: [string, string][],
): Buffer[] {
  const parts: Buffer[] = [http2Preface, rawSettings([4, dice.pick([0, 1, 65_535, 1 << 20])])];
  for (let streamId = 1, count = 1 + dice.below(6); count > 0; count -= 1, streamId += 2) {
    const call: [string, string][] = [
      [":method", dice.pick(["POST", "POST", "GET"])],
      [":scheme", "http"],
      [":path", dice.pick(paths)],
      [":authority", dice.pick(["localhost", "localhost", "[", "a:b:c", "[::1]:7070"])],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ...(dice.chance(0.8) ? fields : []),
      ...(dice.chance(0.2)
        ? ([["grpc-timeout", dice.pick(["1S", "99999999H", "x", "1n"])]] as [string, string][])
        : []),
      ...(dice.chance(0.1) ? ([["content-length", String(dice.below(100))]] as [string, string][]) : []),
    ];
    parts.push(...headerFrames(dice, streamId, headerBlock(dice, call), dice.chance(0.1)));
    const message = rawMessage(messageBytes(dice), dice.chance(0.95) ? undefined : dice.number());
    const cut = dice.below(message.length + 1);
    parts.push(
      rawFrame("data", 0, streamId, message.subarray(0, cut)),
      rawFrame("data", 1, streamId, message.subarray(cut)),
    );
    if (dice.chance(0.3)) parts.push(otherFrame(dice, streamId));
  }
  return parts;
}

function serverConversation(dice: Dice, streamIds: number[]): Buffer[] {
  const parts: Buffer[] = [rawSettings([3, dice.number()], [4, dice.number()]), rawFrame("settings", 1, 0)];
  for (const streamId of streamIds) {
    const head: [string, string][] = [
      [":status", dice.pick(["200", "200", "200", "100", "404", "x"])],
      ["content-type", "application/grpc"],
    ];
    parts.push(...headerFrames(dice, streamId, rawFields(...head), dice.chance(0.1)));
    for (let count = dice.below(3); count > 0; count -= 1)
      parts.push(
        rawFrame(
          "data",
          0,
          streamId,
          rawMessage(messageBytes(dice), dice.chance(0.95) ? undefined : dice.number()),
        ),
      );
    const end: [string, string][] = [
      ["grpc-status", dice.pick(["0", "0", "5", "13", "x", "99"])],
      ["grpc-message", dice.pick(["", "%", "%zz%C3", "words"])],
      ["dorian-error-message-bin", dice.pick(["", "AAAA", "!!"])],
    ];
    parts.push(...headerFrames(dice, streamId, rawFields(...end), dice.chance(0.9)));
    if (dice.chance(0.3)) parts.push(otherFrame(dice, streamId));
  }
  return parts;
}

/** The conversation with some of it changed. */
function mutated(dice: Dice, parts: Buffer[]): Buffer {
  const changed = [...parts];
  for (let count = dice.below(4); count > 0; count -= 1) {
    const at = dice.below(changed.length);
    const part = changed[at] ?? Buffer.alloc(0);
    switch (dice.below(7)) {
      case 0:
        changed.splice(at, 1);
        break;
      case 1:
        changed.splice(at, 0, part);
        break;
      case 2:
        changed.splice(at, 1, part.subarray(0, dice.below(part.length + 1)));
        break;
      case 3:
        changed.splice(at, 0, dice.bytes(40));
        break;
      case 4:
        changed.splice(at, 0, otherFrame(dice, 1));
        break;
      default: {
        const flipped = Buffer.from(part);
        for (let bit = 1 + dice.below(3); bit > 0 && flipped.length > 0; bit -= 1) {
          const byte = dice.below(flipped.length);
          flipped[byte] = (flipped[byte] ?? 0) ^ (1 << dice.below(8));
        }
        changed.splice(at, 1, flipped);
      }
    }
  }
  return Buffer.concat(changed);
}

/** Writes bytes in pieces of any size. */
async function writeInPieces(dice: Dice, peer: RawHttp2Peer, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !peer.closed;) {
    const size = dice.pick([1, 9, 100, 1_000, 100_000]) + dice.below(20);
    peer.write(bytes.subarray(at, at + size));
    at += size;
    if (dice.chance(0.2)) await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface FuzzOptions {
  seed: number;
  /** No case is begun after it aborts. */
  signal: AbortSignal;
  /** Throws when others are not served any more. Asked after every few cases. */
  canary: () => Promise<void>;
}

const casesToCanary = 20;
const caseMs = 30;

/** Runs cases until the signal aborts, and returns how many. A failure names the case that it came after. */
async function runCases(options: FuzzOptions, run: (dice: Dice) => Promise<void>): Promise<number> {
  let count = 0;
  for (; !options.signal.aborted; count += 1) {
    const seed = options.seed + count;
    try {
      await run(new Dice(seed));
      if (count % casesToCanary === casesToCanary - 1) await options.canary();
    } catch (cause) {
      throw new Error(
        `After case ${seed}. Repeat with: script/fuzz --seed ${Math.max(options.seed, seed - casesToCanary)}`,
        {
          cause,
        },
      );
    }
  }
  return count;
}

/** Mutated conversations with a server of HTTP/2. `fields` are sent with most calls, such as a token. */
export function fuzzServer(
  address: { port: number } | { path: string },
  calls: { paths: readonly [string, ...string[]]; fields: [string, string][] },
  options: FuzzOptions,
): Promise<number> {
  return runCases(options, async (dice) => {
    using peer = await RawHttp2Peer.connect(address, { begin: false });
    await writeInPieces(dice, peer, mutated(dice, clientConversation(dice, calls.paths, calls.fields)));
    await Promise.race([peer.whenClosed(), delay(dice.below(caseMs))]);
  });
}

/** Mutated answers to a client. `call` makes some calls of a server, and resolves once they have ended in any way. */
export async function fuzzClient(
  call: (url: string, signal: AbortSignal) => Promise<void>,
  options: FuzzOptions,
): Promise<number> {
  let dice = new Dice(options.seed);
  await using server = await serveRawHttp2((peer) => {
    const mine = dice;
    peer.socket.once(
      "data",
      () => void writeInPieces(mine, peer, mutated(mine, serverConversation(mine, [1, 3, 5]))),
    );
  });
  return await runCases(options, async (next) => {
    dice = next;
    await call(`http://127.0.0.1:${server.port}`, AbortSignal.timeout(5 * caseMs));
  });
}
