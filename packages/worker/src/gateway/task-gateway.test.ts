import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { GuestService } from "@dorian/protocol/guest";
import { GenericResult_GenericStatus, ModalClient } from "@dorian/protocol/modal";
import { RequestMemory } from "@dorian/protocol/memory/request-memory";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { expect, onTestFinished, test } from "vitest";
import { silentObserver } from "../../test/silent-observer.ts";
import { openTaskGateway } from "./task-gateway.ts";
import type { TaskObserver } from "./task-observer.ts";

/** A task's socket in front of a control plane that a test scripts. */
async function gatewayTo(
  handlers: ServiceHandlers<typeof ModalClient>,
  watching: Partial<TaskObserver> = {},
  ofGuests: ServiceHandlers<typeof GuestService> = {},
) {
  const identity = { kind: "task" as const, taskId: "ta-1" };
  const directory = await mkdtemp(join(tmpdir(), "dorian-gateway-"));
  const socketPath = join(directory, "task.sock");
  const gateway = await openTaskGateway({
    taskId: "ta-1",
    socketPath,
    hasNetwork: true,
    upstream: {
      modal: createLocalClient(ModalClient, handlers, identity),
      guest: createLocalClient(GuestService, ofGuests, identity),
    },
    observer: { ...silentObserver, ...watching },
    memory: new RequestMemory(),
    onInternalError: (error) => {
      throw error;
    },
  });
  const connection = new Connection({ url: `unix://${socketPath}` });
  onTestFinished(async () => {
    connection[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
  return { socketPath, modal: createClient(ModalClient, connection) };
}

test("an output and the request for the next input go on in the order and the tick in which they came", async () => {
  const passed: string[] = [];
  const { modal } = await gatewayTo({
    async functionPutOutputs() {
      passed.push("output");
      process.nextTick(() => passed.push("written"));
      return {};
    },
    async functionGetInputs() {
      passed.push("next input");
      return {};
    },
  });
  await modal.appHeartbeat({}).catch(() => undefined);
  await Promise.all([modal.functionPutOutputs({}), modal.functionGetInputs({})]);
  expect(passed).toEqual(["output", "next input", "written"]);
});

test("outputs, values and failed starts wait until what was written is kept; where it cannot be, an output becomes a failure [L2]", async () => {
  const passed: unknown[] = [];
  const kept = Promise.withResolvers<void>();
  let beforeAnswer = () => kept.promise;
  const { modal } = await gatewayTo(
    {
      async functionPutOutputs({ outputs }) {
        for (const { result } of outputs) passed.push([result?.status, result?.exception]);
        return {};
      },
      async functionCallPutDataOut() {
        passed.push("value");
        return {};
      },
      async taskResult() {
        passed.push("failed start");
        return {};
      },
    },
    { beforeAnswer: () => beforeAnswer() },
  );
  const { SUCCESS, FAILURE } = GenericResult_GenericStatus;
  const outputs = [{ result: { status: SUCCESS } }, { result: { status: FAILURE, exception: "its own" } }];
  const calls = [
    () => modal.functionPutOutputs({ outputs }),
    () => modal.functionCallPutDataOut({}),
    () => modal.taskResult({}),
  ];
  const first = calls.map((call) => call());
  await modal.appHeartbeat({}).catch(() => undefined);
  expect(passed).toEqual([]);
  kept.resolve();
  await Promise.all(first);
  expect(passed).toHaveLength(4);
  passed.length = 0;
  beforeAnswer = async () => {
    throw new AppError("VOLUME_NOT_COMMITTED", "Not kept.", {
      remedy: "Make room.",
      status: "RESOURCE_EXHAUSTED",
    });
  };
  const [, value] = await Promise.allSettled(calls.map((call) => call()));
  expect(value).toMatchObject({ status: "rejected", reason: { code: "VOLUME_NOT_COMMITTED" } });
  expect(passed).toHaveLength(3);
  expect(passed).toEqual(
    expect.arrayContaining([[FAILURE, "Not kept. Make room."], [FAILURE, "its own"], "failed start"]),
  );
});

test("a large message of values goes on in parts, each when there is room for it: the rest waits in front of the server [B8]", async () => {
  const parts: number[][] = [];
  const contents: string[] = [];
  const room = Promise.withResolvers<void>();
  const { modal } = await gatewayTo({
    async functionCallPutDataOut({ dataChunks }) {
      parts.push(dataChunks.map(({ index }) => Number(index)));
      for (const { dataOneof } of dataChunks)
        if (dataOneof.case === "data") contents.push(Buffer.from(dataOneof.value.subarray(0, 2)).toString());
      await room.promise;
      return {};
    },
  });
  const sizes = [100, 900_000, 900_000, 3_000_000, 100, 100];
  const dataChunks = sizes.map((size, at) => ({
    index: BigInt(at + 1),
    dataOneof: { case: "data" as const, value: Buffer.alloc(size, `${at} `) },
  }));
  const sent = modal.functionCallPutDataOut({ dataChunks });
  await expect.poll(() => parts.length).toBe(1);
  expect(parts).toEqual([[1, 2, 3]]);
  room.resolve();
  await sent;
  expect(parts).toEqual([[1, 2, 3], [4], [5, 6]]);
  expect(contents).toEqual(["0 ", "1 ", "2 ", "3 ", "4 ", "5 "]);
});

test("a task has a bounded number of calls open, and may go on when some of them have ended [B9]", async () => {
  let waiting = 0;
  const release = new AbortController();
  const { modal } = await gatewayTo({
    async functionGetOutputs() {
      waiting += 1;
      if (!release.signal.aborted) await once(release.signal, "abort");
      return {};
    },
  });
  const calls = Array.from({ length: 2_000 }, () => modal.functionGetOutputs({}));
  await expect.poll(() => waiting, { timeout: 30_000 }).toBe(2_000);
  await expect(modal.functionGetOutputs({})).rejects.toMatchObject({
    code: "TASK_CALLS_TOO_MANY",
    status: "RESOURCE_EXHAUSTED",
  });
  release.abort();
  await Promise.all(calls);
  await modal.functionGetOutputs({});
});

test("a task's socket takes a bounded number of connections [B9]", async () => {
  const { socketPath, modal } = await gatewayTo({ appHeartbeat: async () => ({}) });
  await modal.appHeartbeat({});
  const sockets = Array.from({ length: 300 }, () => connectSocket(socketPath).on("error", () => undefined));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  await expect
    .poll(() => sockets.filter((socket) => socket.closed || socket.destroyed).length)
    .toBe(300 - 255);
  await modal.appHeartbeat({});
});

test("values that a server has no room for are sent again under the same numbers, until it has [L9]", async () => {
  const taken: number[] = [];
  let refusals = 1;
  const { modal } = await gatewayTo({
    async functionCallPutDataOut({ dataChunks }) {
      if (refusals-- > 0) {
        throw new AppError("STORAGE_FULL", "The disk is full.", {
          status: "RESOURCE_EXHAUSTED",
          remedy: "",
        });
      }
      taken.push(...dataChunks.map(({ index }) => Number(index)));
      return {};
    },
  });
  const dataChunks = [1n, 2n].map((index) => ({
    index,
    dataOneof: { case: "data" as const, value: Buffer.from("v") },
  }));
  await modal.functionCallPutDataOut({ dataChunks });
  expect(taken).toEqual([1, 2]);
});
