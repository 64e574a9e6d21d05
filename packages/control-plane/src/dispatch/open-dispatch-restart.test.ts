import { join } from "node:path";
import { FunctionCallType, GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import * as fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../test/dispatch-fixture.ts";
import { eventually, outputOf, pipelined, remote, spawn, valueOf } from "../../test/scripted-caller.ts";
import { type Script } from "../../test/scripted-container.ts";
import { HandCatalog, ScriptedServer } from "../../test/scripted-server.ts";
import { ScriptedWorker } from "../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

test("a killed server has lost no accepted input and no finished output", async () => {
  const fn = fixture.catalog.add();
  const first = await openServer();
  const waiting = await spawn(first.modal, fn, 5);
  await first.crash();

  await using second = await openServer();
  await using worker = await new ScriptedWorker(second.dispatch, { script: double }).join();
  expect((await outputOf(second.modal, waiting)).taskId).toBe(worker.containers[0]?.taskId);
  // The caller got it before the disk did; the container is answered when the disk has it.
  await pause(50);
  await second.crash();

  await using third = await openServer();
  const output = await outputOf(third.modal, waiting, 0);
  expect(output.result?.status).toBe(Status.SUCCESS);
  const { numInputs, metadata } = await third.modal.functionCallFromId({ functionCallId: waiting });
  expect({ numInputs, functionId: metadata?.functionId }).toEqual({ numInputs: 1, functionId: fn });
});

test("a container goes on working while the server restarts, and its input is not run twice", async () => {
  const fn = fixture.catalog.add();
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const script: Script = {
    async handle([n]) {
      runs++;
      await gate.promise;
      return Number(n) * 2;
    },
  };
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script }).join();
  const call = await spawn(first.modal, fn, 21);
  await eventually(() => runs === 1, "running");
  await pause(50);
  await first.crash();

  await using second = await openServer();
  await worker.rejoin(second.dispatch);
  const container = worker.containers[0];
  expect(worker.welcomed).toEqual([container?.taskId]);
  expect(container?.dead).toBe(false);
  const answered = outputOf(second.modal, call);
  // The container's connection is to the first server: it asks the second one again.
  const inputId = container?.inputs[0] ?? "";
  await container?.sayTo(second.dispatch).functionPutOutputs({
    outputs: [{ inputId, result: { status: Status.SUCCESS }, dataFormat: 4 }],
  });
  expect((await answered).inputId).toBe(inputId);
  expect(runs).toBe(1);
  gate.resolve();
});

test("an output for an input that waits is taken: a killed server may have forgotten that it handed the input out", async () => {
  const fn = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  const gate = Promise.withResolvers<void>();
  const runs: unknown[] = [];
  const script: Script = {
    async handle([n]) {
      runs.push(n);
      await gate.promise;
      return Number(n) * 2;
    },
  };
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const running = await spawn(server.modal, fn, 1);
  await eventually(() => runs.length === 1, "running");
  const { functionCallId, pipelinedInputs } = await server.modal.functionMap({
    functionId: fn,
    functionCallType: FunctionCallType.UNARY,
    pipelinedInputs: [pipelined(0, [2])],
  });
  const container = worker.containers[0];
  await container?.sayTo(server.dispatch).functionPutOutputs({
    outputs: [
      { inputId: pipelinedInputs[0]?.inputId ?? "", result: { status: Status.SUCCESS }, dataFormat: 4 },
    ],
  });
  expect((await outputOf(server.modal, functionCallId, 0)).taskId).toBe(container?.taskId);
  gate.resolve();
  await outputOf(server.modal, running);
  await remote(server.modal, fn, 3);
  expect(runs).toEqual([1, 3]);
});

test("containers that vanished while the server was down are noticed, and their inputs run elsewhere", async () => {
  const fn = fixture.catalog.add();
  const blocked: Script = { handle: () => new Promise(() => undefined) };
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: blocked }).join();
  const call = await spawn(first.modal, fn, 21);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  await pause(50);
  await first.crash();
  worker.containers[0]?.die();

  await using second = await openServer();
  worker.script = double;
  await worker.rejoin(second.dispatch);
  const output = await outputOf(second.modal, call);
  expect(output.taskId).toBe(worker.containers[1]?.taskId);
  expect(worker.containers[1]?.attempts).toEqual([1]);
});

test("a worker that does not come back after a restart is given up", async () => {
  const fn = fixture.catalog.add();
  const blocked: Script = { handle: () => new Promise(() => undefined) };
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: blocked, name: "gone" }).join();
  const call = await spawn(first.modal, fn, 21);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  await pause(50);
  await first.crash();

  await using second = await openServer({ workerLostAfterMs: 400 });
  await using other = await new ScriptedWorker(second.dispatch, { script: double, name: "other" }).join();
  await pause(200);
  expect(other.containers).toEqual([]);
  expect((await outputOf(second.modal, call)).taskId).toBe(other.containers[0]?.taskId);
});

test("a request that is sent again after a restart does nothing twice", async () => {
  const functionId = fixture.catalog.add();
  const request = {
    functionId,
    functionCallType: FunctionCallType.UNARY,
    pipelinedInputs: [pipelined(0, [1])],
  };
  const first = await openServer();
  const answer = await first.modal.functionMap(request, { idempotencyKey: "k" });
  await first.crash();
  await using second = await openServer();
  const again = await second.modal.functionMap(request, { idempotencyKey: "k" });
  expect(again).toEqual(answer);
});

test("a reader's cursor holds across a restart", async () => {
  const functionId = fixture.catalog.add();
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: double }).join();
  const { functionCallId } = await first.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  await first.modal.functionPutInputs({ functionId, functionCallId, inputs: [pipelined(0, [1])] });
  const { lastEntryId } = await first.modal.functionGetOutputs({
    functionCallId,
    timeout: 10,
    lastEntryId: "0-0",
  });
  await pause(50);
  await first.crash();
  await using second = await openServer();
  worker.disconnect();
  await using fresh = await new ScriptedWorker(second.dispatch, { script: double }).join();
  expect(fresh.containers).toEqual([]);
  await second.modal.functionPutInputs({
    functionId,
    functionCallId,
    inputs: [pipelined(0, [1]), pipelined(1, [2])],
  });
  const next = await second.modal.functionGetOutputs({ functionCallId, timeout: 10, lastEntryId });
  expect(next.outputs.map((output) => output.idx)).toEqual([1]);
});

test("a container's timeline and log can be read after a restart; its phases add up", async () => {
  const fn = fixture.catalog.add();
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: double }).join();
  await remote(first.modal, fn, 1);
  const container = worker.containers[0];
  const taskId = container?.taskId ?? "";
  worker.report({ case: "logs", value: { taskId, items: [{ data: "hello\n", fileDescriptor: 1 }] } });
  container?.die();
  await pause(50);
  await first.crash();

  await using second = await openServer();
  const { phases, bytesCopied, functionTag } = await second.operator.taskTimeline({ taskId });
  expect(functionTag).toBe("train");
  expect(bytesCopied).toBe(20n);
  expect(phases.map((phase) => phase.name)).toEqual([
    "queue",
    "place",
    "image",
    "mount",
    "boot",
    "enter",
    "first call",
  ]);
  expect(phases.slice(1).map((phase) => phase.startedAt)).toEqual(
    phases.slice(0, -1).map((phase) => phase.endedAt),
  );
  const text: string[] = [];
  const appId = fixture.catalog.spec(fn)?.appId ?? "";
  for await (const batch of second.modal.appGetLogs({ appId, timeout: 0, fileDescriptor: 1 }))
    text.push(...batch.items.map((item) => item.data));
  expect(text).toEqual(["hello\n"]);
  const { info } = await second.modal.taskGetInfo({ taskId });
  expect(info?.finishedAt).toBeGreaterThan(0);
});

test("an output that the disk refuses is not acknowledged, and is saved when it is sent again", async () => {
  const fn = fixture.catalog.add();
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, {
    script: { enter: () => new Promise(() => undefined) },
  }).join();
  const call = await spawn(first.modal, fn, 1);
  await eventually(() => worker.containers.length === 1, "started");
  const container = worker.containers[0]?.modal;
  const inputId = (await container?.functionGetInputs({}))?.inputs[0]?.inputId ?? "";
  await pause(50);
  await sql`pragma max_page_count = 1`.execute(first.db);
  const value = new Uint8Array(1024 * 1024).fill(7);
  const put = () =>
    container?.functionPutOutputs({
      outputs: [{ inputId, result: { status: Status.SUCCESS, dataOneof: { case: "data", value } } }],
    });
  await expect(put()).rejects.toMatchObject({ code: "STORAGE_FULL", status: "RESOURCE_EXHAUSTED" });
  await expect(put()).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await expect(spawn(first.modal, fn, value)).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await sql`pragma max_page_count = 1000000`.execute(first.db);
  await put();
  await first.crash();

  await using second = await openServer();
  expect((await outputOf(second.modal, call, 0)).result?.dataOneof.value).toEqual(value);
  expect((await second.modal.functionGetCurrentStats({ functionId: fn })).backlog).toBe(0);
});

type Step = "call" | "kill container" | "crash server" | "new worker" | "wait";

test("under random deaths of containers, workers and servers every accepted input gets one output", async () => {
  const steps = fc.array(
    fc.constantFrom<Step>("call", "call", "call", "kill container", "crash server", "new worker", "wait"),
    { minLength: 5, maxLength: 25 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const path = join(fixture.directory, `run-${run++}.db`);
      const functions = new HandCatalog();
      const fn = functions.add({ maxConcurrentInputs: 2, autoscalerSettings: { maxContainers: 3 } });
      const slow: Script = {
        concurrency: 2,
        async handle([n]) {
          await pause(Number(n) % 7);
          return Number(n) * 2;
        },
      };
      const open = () => ScriptedServer.open(path, functions, { workerLostAfterMs: 500 });
      let server = await open();
      let worker = await new ScriptedWorker(server.dispatch, { script: slow }).join();
      const accepted = new Map<string, number>();
      let calls = 0;
      for (const step of plan) {
        if (step === "call") {
          const n = calls++;
          // A crash may refuse it: then nothing was promised.
          const asked = spawn(server.modal, fn, n).then(
            (call) => accepted.set(call, n),
            () => undefined,
          );
          if (n % 2 === 0) await asked;
        } else if (step === "kill container") worker.alive[0]?.die({ signal: "SIGKILL" });
        else if (step === "wait") await pause(10);
        else if (step === "crash server") {
          await server.crash();
          await pause(0);
          server = await open();
          await worker.rejoin(server.dispatch);
          for (const container of worker.alive) container.reconnect(server.dispatch);
        } else {
          worker.kill();
          await pause(0);
          worker = await new ScriptedWorker(server.dispatch, { script: slow }).join();
        }
      }
      await pause(20);
      for (const [functionCallId, n] of accepted) {
        const output = await outputOf(server.modal, functionCallId, 10);
        expect(output.result).toMatchObject({ status: Status.SUCCESS });
        const again = await server.modal.functionGetOutputs({
          functionCallId,
          timeout: 0,
          lastEntryId: "0-0",
        });
        expect(again.outputs).toHaveLength(1);
        expect(again.numUnfinishedInputs).toBe(0);
        expect(valueOf(output)).toBe(n * 2);
      }
      // Those of the last calls, which nobody waited for, may still be worked on.
      for (let look = 0; ; look++) {
        const { backlog, numRunningInputs } = await server.modal.functionGetCurrentStats({ functionId: fn });
        if (backlog + numRunningInputs === 0) break;
        if (look === 100) expect({ backlog, numRunningInputs }).toEqual({ backlog: 0, numRunningInputs: 0 });
        await pause(20);
      }
      worker.kill();
      await server[Symbol.asyncDispose]();
    }),
    { numRuns: 20 },
  );
}, 120_000);
