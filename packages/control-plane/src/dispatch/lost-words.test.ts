// What a server and those who work for it say to each other, where it gets lost on the way: nothing is taken for told that did not arrive.
import { AsyncQueue } from "@dorian/base/async-queue";
import { create } from "@bufbuild/protobuf";
import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { ContainerExecRequestSchema } from "@dorian/protocol/operator";
import { WorkerStanding, type ExecInput, type ExecStart } from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../test/dispatch-fixture.ts";
import { eventually, outputOf, remote, spawn } from "../../test/scripted-caller.ts";
import type { Script } from "../../test/scripted-container.ts";
import { ScriptedWorker } from "../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** Works on "slow" until it is cancelled, and gives back everything else. */
const slowly: Script = { handle: ([n]) => (n === "slow" ? new Promise(() => undefined) : n) };

test("a cancellation whose answer got lost is told again to the container that asks again, and once it has come no more", async () => {
  await using server = await openServer();
  const enter = Promise.withResolvers<void>();
  await using worker = await new ScriptedWorker(server.dispatch, {
    script: { enter: () => enter.promise },
  }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 1);
  await eventually(() => worker.containers.length === 1, "started");
  const container = worker.containers[0]?.sayTo(server.dispatch);
  const inputId = (await container?.functionGetInputs({}))?.inputs[0]?.inputId;
  const beat = async (idempotencyKey: string) => {
    const answer = container?.containerHeartbeat(
      { canceledInputsReturnOutputsV2: true },
      { idempotencyKey, signal: AbortSignal.timeout(300) },
    );
    return (await answer)?.cancelInputEvent?.inputIds;
  };
  const lost = beat("a");
  await server.modal.functionCallCancel({ functionCallId: call });
  expect(await lost).toEqual([inputId]);
  expect(await beat("a")).toEqual([inputId]);
  await expect(beat("b")).rejects.toThrow("timeout");
  enter.resolve();
});

test("a container that works on what was cancelled hears of it from the next server, when the one that was told is killed", async () => {
  const functionId = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: slowly }).join();
  const call = await spawn(first.modal, functionId, "slow");
  await eventually(() => worker.containers[0]?.working.size === 1, "running");
  await pause(50);
  // It does not hear of it: its heartbeat hangs on the connection that has broken.
  worker.disconnect();
  const [container] = worker.containers;
  container?.hangUp();
  await first.modal.functionCallCancel({ functionCallId: call });
  await first.crash();

  await using second = await openServer();
  expect((await outputOf(second.modal, call)).result?.status).toBe(Status.TERMINATED);
  await worker.rejoin(second.dispatch);
  container?.reconnect(second.dispatch);
  expect(await remote(second.modal, functionId, "next")).toBe("next");
  expect([worker.containers.length, container?.stops]).toEqual([1, []]);
});

test("the order to stop a container is given again when it was lost, with what is left of its grace", async () => {
  await using server = await openServer({ graceSecs: 30 });
  await using worker = await new ScriptedWorker(server.dispatch, { script: slowly }).join();
  const functionId = fixture.catalog.add();
  const call = await spawn(server.modal, functionId, "slow");
  await eventually(() => worker.containers[0]?.working.size === 1, "one runs");
  await spawn(server.modal, functionId, "slow");
  await eventually(() => worker.containers[1]?.working.size === 1, "two run");
  worker.disconnect();
  await eventually(() => worker.isAway, "it is away");
  await server.modal.functionCallCancel({ functionCallId: call, terminateContainers: true });
  await server.modal.containerStop({ taskId: worker.containers[1]?.taskId ?? "" });
  await pause(1_100);
  await worker.rejoin(server.dispatch);
  await eventually(() => worker.containers.slice(0, 2).every(({ dead }) => dead), "stopped");
  const [killed, stopped] = worker.containers.map(({ stops }) => stops.map(({ graceSecs }) => graceSecs));
  expect(killed).toEqual([0]);
  expect(stopped).toHaveLength(1);
  expect(stopped?.[0]).toBeLessThan(30);
});

test("what an operator wants of a worker is told again when the word of it was lost with a connection [L8]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double, name: "box" }).join();
  const orders: unknown[] = [];
  worker.onOrder = (order) => orders.push(order.value);
  worker.disconnect();
  await server.operator.workerDrain({ worker: "box" });
  await worker.rejoin(server.dispatch);
  await eventually(() => orders.length === 1, "it was told");
  expect(orders).toEqual([WorkerStanding.DRAINING]);
  expect((await server.operator.serverInfo({})).workers[0]?.standing).toBe("draining");
});

test("phases of a start that are told again after a broken connection count once", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  await remote(server.modal, fixture.catalog.add(), 1);
  const taskId = worker.containers[0]?.taskId ?? "";
  const copied = async () => (await server.operator.taskTimeline({ taskId })).bytesCopied;
  const before = await copied();
  for (const phase of ["image", "mount"])
    worker.report({
      case: "taskPhase",
      value: { taskId, phase, startedAt: 1, endedAt: 2, bytesCopied: 10n },
    });
  await pause(50);
  expect(await copied()).toBe(before);
});

test("input of a command that was lost with a connection is sent again, and output that comes again is taken once", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch).join();
  fixture.catalog.add({ autoscalerSettings: { minContainers: 1 } });
  await eventually(() => worker.alive.length === 1, "running");
  const taskId = worker.alive[0]?.taskId ?? "";
  const got: [bigint, string, boolean][] = [];
  let execId = "";
  worker.onOrder = (order) => {
    if (order.case === "execStart") execId = (order.value as ExecStart).execId;
    const { index, stdin, end } = order.value as ExecInput;
    if (order.case === "execInput") got.push([index, Buffer.from(stdin).toString(), end]);
  };
  const say = (index: bigint, text: string) =>
    worker.report({ case: "execOutput", value: { execId, index, stdout: Buffer.from(text) } });
  const requests = new AsyncQueue<ReturnType<typeof create<typeof ContainerExecRequestSchema>>>();
  const ask = (request: { stdin?: Uint8Array; end?: boolean; taskId?: string; command?: string[] }) =>
    requests.push(create(ContainerExecRequestSchema, request));
  ask({ taskId, command: ["cat"] });
  ask({ stdin: Buffer.from("a") });
  let text = "";
  const read = (async () => {
    for await (const { stdout } of server.operator.containerExec(requests))
      text += Buffer.from(stdout).toString();
  })();
  await eventually(() => got.length === 1, "its input has come");
  say(1n, "A");
  await eventually(() => text === "A", "its output has come");

  worker.disconnect();
  await eventually(() => worker.isAway, "it is away");
  ask({ stdin: Buffer.from("b") });
  ask({ end: true });
  await pause(50);
  worker.execInputs = { [execId]: 1n };
  await worker.rejoin(server.dispatch);
  await eventually(() => got.length === 3, "the rest has come");
  expect(got).toEqual([
    [1n, "a", false],
    [2n, "b", false],
    [3n, "", true],
  ]);
  expect(worker.execReports).toEqual({ [execId]: 1n });
  say(1n, "A");
  say(2n, "B");
  worker.report({ case: "execOutput", value: { execId, index: 3n, exitCode: 0 } });
  await read;
  expect(text).toBe("AB");
});
