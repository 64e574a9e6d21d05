import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import { eventually, remote } from "../../../test/scripted-caller.ts";
import type { Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

const signal = new AbortController().signal;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (message: string) => new TextEncoder().encode(message);

/** Answers each message with itself in capitals, until "bye". */
const echo: Script = {
  async handle(_args, item, container) {
    const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
    let index = 0n;
    for await (const chunk of container.modal.functionCallGetDataIn({ callInfoOneof })) {
      const message = chunk.dataOneof.case === "data" ? text(chunk.dataOneof.value) : "";
      if (message === "bye") break;
      const data = { case: "data" as const, value: bytes(message.toUpperCase()) };
      await container.modal.functionCallPutDataOut({
        callInfoOneof,
        dataChunks: [{ index: ++index, dataOneof: data }],
      });
    }
    return Number(index);
  },
};

test("a connected caller and the container of its call talk both ways; of the call nothing is written down", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: echo }).join();
  const call = server.dispatch.web.calls({
    functionId: fixture.catalog.add(),
    input: {},
    firstMessages: [bytes("hello")],
  });
  const received = call.received({ signal })[Symbol.asyncIterator]();
  expect(text((await received.next()).value)).toBe("HELLO");
  await call.send(bytes("again"), { signal });
  expect(text((await received.next()).value)).toBe("AGAIN");
  await call.send(bytes("bye"), { signal });
  expect((await received.next()).done).toBe(true);
  expect((await call.result).status).toBe(Status.SUCCESS);
  expect(worker.containers[0]?.inputs).toEqual([call.inputId]);
  const rows = await server.db.selectFrom("function_call").selectAll().execute();
  expect(rows).toEqual([]);
  await expect(server.modal.functionCallFromId({ functionCallId: call.callId })).rejects.toMatchObject({
    code: "FUNCTION_CALL_NOT_FOUND",
  });
});

test("a caller that leaves ends the call, and its container serves the next one", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: echo }).join();
  const functionId = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  const left = server.dispatch.web.calls({ functionId, input: {} });
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  await left.cancel("The client disconnected.");
  expect(await left.result).toMatchObject({
    status: Status.TERMINATED,
    exception: "The client disconnected.",
  });
  const next = server.dispatch.web.calls({ functionId, input: {}, firstMessages: [bytes("bye")] });
  expect((await next.result).status).toBe(Status.SUCCESS);
  expect(worker.containers).toHaveLength(1);
});

test("who reads slowly makes the other wait: memory stays small whatever is sent", async () => {
  await using server = await openServer();
  let sent = 0;
  const flood: Script = {
    async handle(_args, item, container) {
      const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
      for (let index = 1n; index <= 64n; index++) {
        const data = { case: "data" as const, value: new Uint8Array(1024 * 1024) };
        await container.modal.functionCallPutDataOut({
          callInfoOneof,
          dataChunks: [{ index, dataOneof: data }],
        });
        sent++;
      }
      return 64;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script: flood }).join();
  const call = server.dispatch.web.calls({ functionId: fixture.catalog.add(), input: {} });
  let received = 0;
  for await (const chunk of call.received({ signal })) {
    received += chunk.byteLength / 1024 / 1024;
    if (received === 1) await eventually(() => sent >= 3, "the window is full");
    expect(sent - received).toBeLessThanOrEqual(5);
  }
  expect(received).toBe(64);
});

test("a request whose body is known whole moves to another container when its own dies; a long one fails", async () => {
  await using server = await openServer();
  const script: Script = {
    async handle(_args, item, container) {
      const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
      let seen = 0;
      for await (const chunk of container.modal.functionCallGetDataIn({ callInfoOneof })) {
        if (chunk.dataOneof.value === undefined || chunk.dataOneof.value.length === 0) break;
        seen += chunk.dataOneof.value.length;
      }
      if (item.retryCount === 0) container.die({ exitCode: 137, signal: "SIGKILL" });
      return seen;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add();
  const short = server.dispatch.web.calls({
    functionId,
    input: {},
    firstMessages: [bytes("body"), bytes("")],
  });
  expect((await short.result).status).toBe(Status.SUCCESS);
  expect(worker.containers).toHaveLength(2);
  const long = server.dispatch.web.calls({ functionId, input: {} });
  for (let part = 0; part < 4; part++) await long.send(new Uint8Array(1024 * 1024), { signal });
  await long.send(bytes(""), { signal });
  expect((await long.result).exception).toContain(
    "ended by SIGKILL. Part of what its caller had sent is kept no more",
  );
});

test("what containers upload instead of sending it is read for the caller", async () => {
  await using server = await openServer();
  const script: Script = {
    async handle(_args, item, container) {
      const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
      const dataOneof = { case: "dataBlobId" as const, value: "bl-1" };
      await container.modal.functionCallPutDataOut({ callInfoOneof, dataChunks: [{ index: 1n, dataOneof }] });
      return 1;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = server.dispatch.web.calls({ functionId: fixture.catalog.add(), input: {} });
  const received: string[] = [];
  for await (const chunk of call.received({ signal })) received.push(text(chunk));
  expect(received).toEqual(["bl-1"]);
});

test("a restart forgets such calls, and the container that worked on one serves the next call", async () => {
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: echo }).join();
  const functionId = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  first.dispatch.web.calls({ functionId, input: {} });
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  await first.crash();
  await using second = await openServer();
  await worker.rejoin(second.dispatch);
  worker.script = { handle: () => "served" };
  worker.containers[0]?.die();
  expect(await remote(second.modal, functionId)).toBe("served");
});
