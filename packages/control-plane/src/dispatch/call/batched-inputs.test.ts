import { FunctionCallType, GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture, pause } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, pipelined, spawn } from "../../../test/scripted-caller.ts";
import type { ModalCaller } from "../../../test/scripted-server.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();

/** A server, a container of a batched function, and what it would say. */
async function openBatched(stack: AsyncDisposableStack, batchLingerMs = 200n) {
  const server = stack.use(await fixture.openServer());
  const release = Promise.withResolvers<void>();
  stack.defer(() => release.resolve());
  const script = { enter: () => release.promise };
  const worker = stack.use(await new ScriptedWorker(server.dispatch, { script }).join());
  const functionId = fixture.catalog.add({
    batchMaxSize: 3,
    batchLingerMs,
    autoscalerSettings: { minContainers: 1, maxContainers: 1 },
  });
  await eventually(() => worker.containers.length === 1, "started");
  const container = worker.containers[0]?.modal as ModalCaller;
  const ask = async () => (await container.functionGetInputs({ batchMaxSize: 3, batchLingerMs })).inputs;
  const succeed = (inputIds: string[]) =>
    container.functionPutOutputs({
      outputs: inputIds.map((inputId) => ({ inputId, result: { status: Status.SUCCESS } })),
    });
  return { server, worker, functionId, container, ask, succeed };
}

test("a container gets a full batch at once and a smaller one after the linger, of one method at a time", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, functionId, ask, succeed } = await openBatched(stack, 3_000n);
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  const methods = ["a", "a", "b", "a", "b"];
  const inputs = methods.map((methodName, idx) => ({
    idx,
    input: { ...pipelined(idx, []).input, methodName },
  }));
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
  const startedAt = performance.now();
  const full = await ask();
  expect(full.map((item) => item.functionMapIdx)).toEqual([0, 1, 3]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  await succeed(full.map((item) => item.inputId));
  const rest = await ask();
  expect(rest.map((item) => item.functionMapIdx)).toEqual([2, 4]);
  expect(performance.now() - startedAt).toBeGreaterThan(150);
  await succeed(rest.map((item) => item.inputId));
  const { outputs } = await server.modal.functionGetOutputs({
    functionCallId,
    timeout: 5,
    lastEntryId: "0-0",
  });
  expect(outputs.map((output) => output.idx).toSorted()).toEqual([0, 1, 2, 3, 4]);
});

test("an input that is cancelled leaves its batch alone; the container hears of it when nobody wants any of them", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, worker, functionId, container, ask, succeed } = await openBatched(stack);
  const calls = [
    await spawn(server.modal, functionId, 1),
    await spawn(server.modal, functionId, 2),
    await spawn(server.modal, functionId, 3),
  ];
  const batch = await ask();
  expect(batch.map((item) => item.functionCallId)).toEqual(calls);
  const heartbeat = container.containerHeartbeat({ canceledInputsReturnOutputsV2: true });
  await server.modal.functionCallCancel({ functionCallId: calls[0] ?? "" });
  expect((await outputOf(server.modal, calls[0] ?? "")).result?.status).toBe(Status.TERMINATED);
  await succeed([batch[1]?.inputId ?? ""]);
  expect((await outputOf(server.modal, calls[1] ?? "")).result?.status).toBe(Status.SUCCESS);
  await server.modal.functionCallCancel({ functionCallId: calls[2] ?? "" });
  expect((await heartbeat).cancelInputEvent?.inputIds).toEqual([batch[2]?.inputId]);
  expect(worker.alive).toHaveLength(1);
});

test("a batch whose container dies is done again by another one", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, worker, functionId, ask } = await openBatched(stack);
  const calls = [await spawn(server.modal, functionId, 1), await spawn(server.modal, functionId, 2)];
  expect(await ask()).toHaveLength(2);
  worker.script = { handle: ([n]) => n };
  worker.containers[0]?.die({ signal: "SIGKILL" });
  for (const call of calls) {
    const output = await outputOf(server.modal, call);
    expect(output.taskId).toBe(worker.containers[1]?.taskId);
  }
});

test("a batch is given again to the request that missed the answer", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, functionId, container } = await openBatched(stack);
  for (const n of [1, 2, 3]) await spawn(server.modal, functionId, n);
  const request = { batchMaxSize: 3, batchLingerMs: 10n };
  const first = await container.functionGetInputs(request, { idempotencyKey: "poll" });
  expect(first.inputs).toHaveLength(3);
  expect(await container.functionGetInputs(request, { idempotencyKey: "poll" })).toEqual(first);
});

test("a container may work on more than its target while inputs wait", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, functionId, container } = await openBatched(stack);
  const ask = async () =>
    (await container.functionGetDynamicConcurrency({ functionId, targetConcurrency: 2, maxConcurrency: 4 }))
      .concurrency;
  expect(await ask()).toBe(2);
  await spawn(server.modal, functionId, 1);
  await pause(1);
  expect(await ask()).toBe(4);
});
