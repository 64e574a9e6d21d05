import { WorkerStanding } from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../../test/dispatch-fixture.ts";
import { eventually, remote } from "../../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** Containers that say of every input where it ran, and end it when they may. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const script = {
    handle: async (_args: unknown[], _item: unknown, container: { taskId: string }) => {
      await gate.promise;
      return container.taskId;
    },
  };
  return { script, open: () => gate.resolve() };
}

test("a worker that says goodbye finishes what it has and gets nothing new [L8]", async () => {
  await using server = await openServer();
  const { script, open } = gated();
  await using leaving = await new ScriptedWorker(server.dispatch, { script, name: "a" }).join();
  const functionId = fixture.catalog.add();
  const running = remote(server.modal, functionId);
  await eventually(() => leaving.alive[0]?.inputs.length === 1, "its input runs");
  leaving.report({ case: "leaving", value: {} });
  await pause(50);
  const late = remote(server.modal, functionId);
  await pause(100);
  expect(leaving.containers).toHaveLength(1);
  await using other = await new ScriptedWorker(server.dispatch, { script, name: "b" }).join();
  open();
  expect(await running).toBe(leaving.containers[0]?.taskId);
  expect(await late).toBe(other.containers[0]?.taskId);
  await eventually(() => leaving.alive.length === 0, "its container has gone by itself");
  expect([leaving.containers.length, leaving.containers[0]?.stops]).toEqual([1, []]);
});

test("containers that start on a worker that says goodbye are ended at once, and no failure is counted [L8]", async () => {
  await using server = await openServer();
  const never = new Promise<void>(() => undefined);
  await using leaving = await new ScriptedWorker(server.dispatch, {
    script: { enter: () => never },
    name: "a",
  }).join();
  const functionId = fixture.catalog.add();
  const results = Promise.all([1, 2, 3].map((n) => remote(server.modal, functionId, n)));
  await eventually(() => leaving.alive.length === 3, "three start");
  await using _other = await new ScriptedWorker(server.dispatch, { script: double, name: "b" }).join();
  leaving.report({ case: "leaving", value: {} });
  await eventually(() => leaving.alive.length === 0, "they have been ended");
  expect(leaving.containers.map(({ stops }) => stops.map(({ graceSecs }) => graceSecs))).toEqual([
    [0],
    [0],
    [0],
  ]);
  expect(await results).toEqual([2, 4, 6]);
});

test("what a worker hands back runs elsewhere, and its callers see no error [L8]", async () => {
  await using server = await openServer();
  const { script } = gated();
  await using leaving = await new ScriptedWorker(server.dispatch, { script, name: "a" }).join();
  const result = remote(server.modal, fixture.catalog.add(), 21);
  await eventually(() => leaving.alive[0]?.inputs.length === 1, "its input runs");
  leaving.report({ case: "leaving", value: {} });
  await using _other = await new ScriptedWorker(server.dispatch, { script: double, name: "b" }).join();
  leaving.exitWith = { interrupted: true, wasStopped: true };
  leaving.alive[0]?.die({ exitCode: 130 });
  expect(await result).toBe(42);
});

test("a worker that leaves says so to a server that has restarted since [L8]", async () => {
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: double }).join();
  await first.crash();
  await using second = await openServer();
  worker.options.standing = WorkerStanding.LEAVING;
  await worker.rejoin(second.dispatch);
  const result = remote(second.modal, fixture.catalog.add(), 4);
  await pause(100);
  expect(worker.containers).toEqual([]);
  await using _other = await new ScriptedWorker(second.dispatch, { script: double, name: "b" }).join();
  expect(await result).toBe(8);
});

test("an operator has a worker drained, and take work again [L8]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double, name: "box" }).join();
  const functionId = fixture.catalog.add({ autoscalerSettings: { scaledownWindow: 300 } });
  expect(await remote(server.modal, functionId, 1)).toBe(2);
  const orders: unknown[] = [];
  worker.onOrder = (order) => orders.push([order.case, order.value]);
  const standing = async () => (await server.operator.serverInfo({})).workers[0];
  expect(await server.operator.workerDrain({ worker: "box" })).toMatchObject({
    workerId: worker.workerId,
    standing: "serving",
  });
  await eventually(() => worker.alive.length === 0, "its idle container has gone");
  expect(await standing()).toMatchObject({ standing: "draining", runningTasks: 0, runningInputs: 0 });
  const waiting = remote(server.modal, functionId, 2);
  await pause(100);
  expect(worker.alive).toEqual([]);
  await server.operator.workerDrain({ worker: worker.workerId, undo: true });
  expect(await waiting).toBe(4);
  expect(await standing()).toMatchObject({ standing: "serving" });
  expect(orders).toEqual([
    ["setStanding", WorkerStanding.DRAINING],
    ["setStanding", WorkerStanding.SERVING],
  ]);
  await expect(server.operator.workerDrain({ worker: "nobody" })).rejects.toMatchObject({
    code: "WORKER_NOT_FOUND",
  });
  worker.report({ case: "leaving", value: {} });
  await pause(20);
  await expect(server.operator.workerDrain({ worker: "box", undo: true })).rejects.toMatchObject({
    code: "WORKER_LEAVING",
  });
});
