import { GuestService } from "@dorian/protocol/guest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AnswerMemory } from "@dorian/protocol/memory/answer-memory";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { smallAnswerBytes } from "@dorian/protocol/http2/limits";
import { ModalClient } from "@dorian/protocol/modal";
import { RequestMemory } from "@dorian/protocol/memory/request-memory";
import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawFrame,
  rawMessage,
  rawSettings,
} from "@dorian/testkit/raw-http2-peer";
import { expect, onTestFinished, test } from "vitest";
import { silentObserver } from "../../test/silent-observer.ts";
import { openTaskGateway } from "./task-gateway.ts";

const mebibyte = 1024 * 1024;
const value = Buffer.from(Uint8Array.from({ length: mebibyte }, (_, index) => (index * 31) % 251));

/** A task's socket, in front of a server on a socket of its own, as a worker opens it. */
async function openTask() {
  const resources = new AsyncDisposableStack();
  onTestFinished(() => resources.disposeAsync());
  const directory = await mkdtemp(join(tmpdir(), "dorian-unread-"));
  resources.defer(() => rm(directory, { recursive: true }));
  const [serverPath, socketPath] = [join(directory, "server.sock"), join(directory, "task.sock")];
  const onInternalError = (error: unknown) => {
    throw error;
  };
  const inServer = new AnswerMemory({ connection: 4 * mebibyte, caller: 8 * mebibyte });
  resources.use(
    await GrpcServer.listen({
      address: `unix:${serverPath}`,
      services: [
        mountService(ModalClient, {
          dictGet: async () => ({ found: true, value }),
          dictLen: async () => ({ len: 7 }),
          async *dictContents() {
            for (let count = 0; count < 20; count++) yield { value };
          },
        }),
      ],
      authenticate: () => ({ identity: { kind: "task", taskId: "ta-1" } }),
      memory: new RequestMemory({}, inServer),
      onInternalError,
    }),
  );
  const upstream = resources.use(
    new Connection({ url: `unix://${serverPath}`, streamWindow: smallAnswerBytes }),
  );
  const inWorker = new AnswerMemory({ connection: 4 * mebibyte, caller: 8 * mebibyte });
  resources.use(
    await openTaskGateway({
      taskId: "ta-1",
      socketPath,
      hasNetwork: true,
      upstream: { modal: createClient(ModalClient, upstream), guest: createClient(GuestService, upstream) },
      observer: silentObserver,
      memory: new RequestMemory({}, inWorker),
      onInternalError,
    }),
  );
  return {
    inServer,
    inWorker,
    /** What a container sees that reads everything. */
    modal: () => {
      const connection = resources.use(new Connection({ url: `unix://${socketPath}` }));
      return createClient(ModalClient, connection);
    },
    /** Asks again and again, and lets nothing of the answers come. */
    async asks(call: string, questions: number) {
      const peer = await RawHttp2Peer.connect({ path: socketPath }, { begin: false });
      resources.defer(() => peer[Symbol.dispose]());
      peer.write(http2Preface, rawSettings([4, 0]));
      for (let index = 0; index < questions; index++) {
        peer.write(
          rawFrame("headers", 4, 2 * index + 1, rawCall(`/modal.client.ModalClient/${call}`)),
          rawFrame("data", 1, 2 * index + 1, rawMessage()),
        );
      }
      return peer;
    },
  };
}

for (const call of ["DictGet", "DictContents"]) {
  test(`answers of ${call} that a container does not read fill neither its worker nor the server [B9]`, async () => {
    const task = await openTask();
    for (let connections = 0; connections < 5; connections++) await task.asks(call, 20);
    await expect.poll(() => task.inWorker.heldBytes).toBeGreaterThan(mebibyte);
    await delay(500);
    for (const memory of [task.inWorker, task.inServer]) expect(memory.heldBytes).toBeLessThan(10 * mebibyte);
  });
}

test("a container that leaves answers unread goes on with small calls, and everything is let go with it [B9]", async () => {
  const task = await openTask();
  const peer = await task.asks("DictGet", 100);
  await expect.poll(() => task.inWorker.heldBytes).toBeGreaterThan(mebibyte);
  const modal = task.modal();
  for (let count = 0; count < 50; count++) expect((await modal.dictLen({})).len).toBe(7);
  expect(peer.frames.filter(({ type }) => type === frameTypes.resetStream)).toEqual([]);
  peer[Symbol.dispose]();
  await expect.poll(() => task.inWorker.heldBytes).toBe(0);
  await expect.poll(() => task.inServer.heldBytes).toBe(0);
});

test("large answers arrive whole at a container that reads, however many it asks for at once", async () => {
  const task = await openTask();
  const modal = task.modal();
  const answers = await Promise.all(Array.from({ length: 60 }, () => modal.dictGet({})));
  for (const answer of answers) expect(value.equals(answer.value ?? new Uint8Array())).toBe(true);
  let streamed = 0;
  for await (const entry of modal.dictContents({})) streamed += entry.value.length;
  expect(streamed).toBe(20 * mebibyte);
  expect([task.inWorker.heldBytes, task.inServer.heldBytes]).toEqual([0, 0]);
});
