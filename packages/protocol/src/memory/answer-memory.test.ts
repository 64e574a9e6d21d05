import { setTimeout as delay } from "node:timers/promises";
import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawFrame,
  rawMessage,
  rawSettings,
  rawUint32,
} from "@dorian/testkit/raw-http2-peer";
import { expect, onTestFinished, test } from "vitest";
import { AnswerMemory, type AnswerMemoryLimits } from "./answer-memory.ts";
import { Connection, createClient } from "../client/grpc-client.ts";
import { GrpcServer, mountService } from "../server/grpc-server.ts";
import { errorCode } from "../http2/http2-error.ts";
import { ModalClient } from "../modal.ts";
import { RequestMemory } from "./request-memory.ts";
import type { CallContext } from "../service.ts";

const mebibyte = 1024 * 1024;
const initialWindowSize = 4;
const value = Buffer.alloc(mebibyte);

/** A server of large values, to callers who say who they are; it counts those that were made. */
async function openServer(limits: Partial<AnswerMemoryLimits>) {
  const answers = new AnswerMemory(limits);
  const made = { unary: 0, streamed: 0, prepared: 0 };
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, {
        // It has taken room before it makes anything.
        async dictGet(_request, { takeRoom }: CallContext) {
          await takeRoom?.(value.length);
          made.unary += 1;
          return { found: true, value: Buffer.from(value) };
        },
        async dictLen() {
          return { len: 7 };
        },
        // It makes what it makes, and its message is encoded when there is room.
        async queueGet() {
          made.prepared += 1;
          return { values: [value] };
        },
        async *dictContents() {
          for (;;) {
            made.streamed += 1;
            yield { value };
          }
        },
      }),
    ],
    authenticate: (metadata) => ({
      identity: { kind: "client", tokenId: String(metadata.get("x-modal-token-id")[0] ?? "ak-1") },
    }),
    onInternalError: () => undefined,
    memory: new RequestMemory({}, answers),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { port: server.port, answers, made };
}

interface Asked {
  call?: string;
  questions: number;
  tokenId?: string;
}

/** A peer with so many questions, whose windows take nothing of the answers. */
async function asks(port: number, { call = "DictGet", questions, tokenId }: Asked): Promise<RawHttp2Peer> {
  const peer = await RawHttp2Peer.connect({ port }, { begin: false });
  onTestFinished(() => peer[Symbol.dispose]());
  peer.write(http2Preface, rawSettings([initialWindowSize, 0]));
  for (let index = 0; index < questions; index++) {
    const id = 2 * index + 1;
    const token: [string, string][] = tokenId === undefined ? [] : [["x-modal-token-id", tokenId]];
    peer.write(
      rawFrame("headers", 4, id, rawCall(`/modal.client.ModalClient/${call}`, ...token)),
      rawFrame("data", 1, id, rawMessage()),
    );
  }
  return peer;
}

/** What a client gets who reads everything at once. */
async function client(port: number, tokenId: string) {
  const connection = new Connection({
    url: `http://127.0.0.1:${port}`,
    metadata: { "x-modal-token-id": tokenId },
  });
  onTestFinished(() => connection[Symbol.dispose]());
  return createClient(ModalClient, connection);
}

const isReset = ({ type }: { type: number }) => type === frameTypes.resetStream;

for (const call of ["DictGet", "QueueGet", "DictContents"]) {
  test(`answers of ${call} wait while those before them are not read [B8]`, async () => {
    const { port, answers } = await openServer({ connection: 4 * mebibyte, caller: 8 * mebibyte });
    for (let connections = 0; connections < 5; connections++) await asks(port, { call, questions: 20 });
    await delay(500);
    expect(answers.heldBytes).toBeGreaterThan(0);
    expect(answers.heldBytes).toBeLessThanOrEqual(9 * mebibyte);
  });
}

test("an answer whose handler takes room for it is not made before there is some [B8]", async () => {
  const { port, made } = await openServer({ connection: 4 * mebibyte });
  await asks(port, { questions: 100 });
  await delay(500);
  expect(made.unary).toBeLessThanOrEqual(4);
});

test("a connection that reads nothing keeps room for others of its caller [B8]", async () => {
  const { port } = await openServer({ connection: 4 * mebibyte, caller: 8 * mebibyte });
  await asks(port, { questions: 100, tokenId: "ak-1" });
  const modal = await client(port, "ak-1");
  // Without room each would take the second after which one is answered all the same.
  for (let read = 0; read < 200; read++) expect((await modal.dictGet({})).value).toHaveLength(mebibyte);
});

test("whoever waits for room gets some after a while, since it may be needed to read the rest [B8]", async () => {
  const { port, made } = await openServer({ connection: 2.5 * mebibyte, caller: 2.5 * mebibyte });
  await asks(port, { questions: 100, tokenId: "ak-1" });
  await expect.poll(() => made.unary).toBe(2);
  const modal = await client(port, "ak-2");
  expect((await modal.dictGet({})).value).toHaveLength(mebibyte);
  await expect.poll(() => made.unary).toBeGreaterThan(3);
});

test("small answers pass those that wait [B8]", async () => {
  const { port, made } = await openServer({ connection: 2.5 * mebibyte, caller: 2.5 * mebibyte });
  await asks(port, { questions: 100, tokenId: "ak-1" });
  await expect.poll(() => made.unary).toBe(2);
  const modal = await client(port, "ak-1");
  for (let asked = 0; asked < 50; asked++) expect((await modal.dictLen({})).len).toBe(7);
  expect(made.unary).toBeLessThan(6);
});

test("all answers arrive at somebody who reads, however many were asked for at once", async () => {
  const { port, answers } = await openServer({ connection: 4 * mebibyte });
  const modal = await client(port, "ak-1");
  const all = await Promise.all(
    Array.from({ length: 300 }, (_, index) => (index % 2 ? modal.dictGet({}) : modal.queueGet({}))),
  );
  expect(all).toHaveLength(300);
  expect(answers.heldBytes).toBe(0);
});

test("nothing is made for who has gone while it waited [B8]", async () => {
  const { port, answers, made } = await openServer({ connection: 2.5 * mebibyte });
  const peer = await asks(port, { questions: 100 });
  await expect.poll(() => made.unary).toBe(2);
  peer[Symbol.dispose]();
  await expect.poll(() => answers.heldBytes).toBe(0);
  await delay(50);
  expect(made.unary).toBe(2);
});

test("what is too much for the process is dropped where most is held, and others keep theirs [B8]", async () => {
  const { port, answers } = await openServer({ connection: 4 * mebibyte, process: 20 * mebibyte });
  const modest = await asks(port, { questions: 2, tokenId: "ak-modest" });
  for (let answered = 0; answered < 2; answered++)
    await modest.next(({ type }) => type === frameTypes.headers);
  const greedy = await Promise.all(
    Array.from({ length: 8 }, (_, index) => asks(port, { questions: 4, tokenId: `ak-${index}` })),
  );
  const reset = await Promise.race(greedy.map((peer) => peer.next(isReset)));
  expect(reset?.payload.readUInt32BE(0)).toBe(errorCode.enhanceYourCalm);
  expect(answers.heldBytes).toBeLessThanOrEqual(20 * mebibyte);
  // Now the modest one reads.
  const window = rawUint32(4 * mebibyte);
  modest.write(rawFrame("windowUpdate", 0, 1, window), rawFrame("windowUpdate", 0, 3, window));
  modest.write(rawFrame("windowUpdate", 0, 0, window));
  const ended: number[] = [];
  while (ended.length < 2) {
    const trailers = await modest.next(({ type, flags }) => type === frameTypes.headers && (flags & 1) !== 0);
    ended.push(trailers?.streamId ?? -1);
  }
  expect(ended.toSorted()).toEqual([1, 3]);
});
