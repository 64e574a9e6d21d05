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
import { GrpcServer, mountService } from "../grpc-server.ts";
import { ModalClient } from "../modal.ts";
import { RequestMemory } from "../request-memory.ts";
import { errorCode } from "./http2-error.ts";
import { UnreadAnswers } from "./unread-answers.ts";

const mebibyte = 1024 * 1024;
const initialWindowSize = 4;

async function openServer(limitBytes: number): Promise<GrpcServer> {
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, {
        dictGet: async () => ({ found: true, value: Buffer.alloc(mebibyte) }),
      }),
    ],
    authenticate: () => ({ identity: { kind: "client", tokenId: "ak-1" } }),
    onInternalError: () => undefined,
    memory: new RequestMemory({}, new UnreadAnswers(limitBytes)),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** A peer with so many questions, whose windows take nothing of the answers. */
async function asks(server: GrpcServer, questions: number): Promise<RawHttp2Peer> {
  const peer = await RawHttp2Peer.connect({ port: server.port }, { begin: false });
  onTestFinished(() => peer[Symbol.dispose]());
  peer.write(http2Preface, rawSettings([initialWindowSize, 0]));
  for (let index = 0; index < questions; index++) {
    const id = 2 * index + 1;
    peer.write(
      rawFrame("headers", 4, id, rawCall("/modal.client.ModalClient/DictGet")),
      rawFrame("data", 1, id, rawMessage()),
    );
  }
  return peer;
}

test("of answers that nobody reads, those of who leaves most are dropped, and others keep theirs [B8]", async () => {
  const server = await openServer(20 * mebibyte);
  const modest = await asks(server, 2);
  for (let answered = 0; answered < 2; answered++)
    await modest.next(({ type }) => type === frameTypes.headers);
  const greedy = await asks(server, 50);
  const codes: number[] = [];
  while (codes.length < 30) {
    const reset = await greedy.next(({ type }) => type === frameTypes.resetStream);
    codes.push(reset?.payload.readUInt32BE(0) ?? -1);
  }
  expect(new Set(codes)).toEqual(new Set([errorCode.enhanceYourCalm]));
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

test("answers within the limit wait for as long as their readers take [B8]", async () => {
  const server = await openServer(20 * mebibyte);
  const peer = await asks(server, 10);
  for (let answered = 0; answered < 10; answered++)
    await peer.next(({ type }) => type === frameTypes.headers);
  expect(peer.frames.filter(({ type }) => type === frameTypes.resetStream)).toEqual([]);
});
