import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../test/dispatch-fixture.ts";
import { eventually, outputOf, remote, spawn, valueOf } from "../test/scripted-caller.ts";
import type { Script } from "../test/scripted-container.ts";
import { ScriptedWorker } from "../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;
const whole = { milliCpu: 8_000 };
const kept = { resources: whole, autoscalerSettings: { minContainers: 1 } };
const runningOf = (worker: ScriptedWorker) => worker.alive.map((each) => each.request.arguments?.functionId);

test("a container kept warm that fills the machine leaves for a call, and comes back when nobody calls [L12]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const warm = fixture.catalog.add(kept);
  await eventually(() => worker.alive.length === 1, "kept warm");
  const called = fixture.catalog.add({ autoscalerSettings: { scaledownWindow: 1 } });
  expect(await remote(server.modal, called, 2)).toBe(4);
  expect(runningOf(worker)).toEqual([called]);
  await eventually(() => runningOf(worker)[0] === warm && worker.alive.length === 1, "warm again");
});

test.each([
  ["a buffer", { bufferContainers: 1 }],
  ["a minimum", { minContainers: 2 }],
])("%s of one function does not keep another from its first container [L12]", async (_what, settings) => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const large = fixture.catalog.add({
    resources: { milliCpu: 4_000 },
    autoscalerSettings: settings,
  });
  expect(await remote(server.modal, large, 1)).toBe(2);
  await eventually(() => worker.alive.length === 2, "two are there");
  const called = fixture.catalog.add({ resources: { milliCpu: 4_000 } });
  expect(await remote(server.modal, called, 2)).toBe(4);
});

test("after a rejoin and a restart, what is called goes before what is only kept warm [L12]", async () => {
  const first = await openServer();
  await using worker = await new ScriptedWorker(first.dispatch, { script: double });
  const warm = fixture.catalog.add(kept);
  const called = fixture.catalog.add({ autoscalerSettings: { scaledownWindow: 60 } });
  const call = await spawn(first.modal, called, 2);
  await pause(50);
  await worker.join();
  expect(valueOf(await outputOf(first.modal, call))).toBe(4);
  expect(runningOf(worker)).toEqual([called]);
  const waiting = await first.modal.taskList({});
  expect(waiting.tasks.filter((task) => task.pendingReason !== "")).toHaveLength(1);
  await pause(50);
  await first.crash();

  await using second = await openServer();
  worker.alive[0]?.die();
  await worker.rejoin(second.dispatch);
  await eventually(() => runningOf(worker)[0] === warm, "there is room for the warm one");
  expect(await remote(second.modal, called, 3)).toBe(6);
});

test("a start that nobody waits for any more gives way, too [L12]", async () => {
  await using server = await openServer();
  const script: Script = {
    ...double,
    enter: ({ request }) => (request.arguments?.functionId === warm ? pause(60_000) : undefined),
  };
  let warm = "";
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  warm = fixture.catalog.add(kept);
  await eventually(() => worker.alive.length === 1, "it starts");
  expect(await remote(server.modal, fixture.catalog.add(), 2)).toBe(4);
});

test("an idle container gives way as soon as it is idle, however long its window", async () => {
  await using server = await openServer();
  const gate = Promise.withResolvers<void>();
  const script: Script = {
    async handle([n]) {
      if (n === 1) await gate.promise;
      return Number(n) * 2;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const [one, other] = [fixture.catalog.add({ resources: whole }), fixture.catalog.add({ resources: whole })];
  const busy = await spawn(server.modal, one, 1);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "busy");
  const waiting = await spawn(server.modal, other, 2);
  await pause(50);
  gate.resolve();
  expect(valueOf(await outputOf(server.modal, busy))).toBe(2);
  expect(valueOf(await outputOf(server.modal, waiting, 2))).toBe(4);
});

test("what could never be placed stops nothing that runs [L13]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  fixture.catalog.add(kept);
  await eventually(() => worker.alive.length === 1, "kept warm");
  await spawn(server.modal, fixture.catalog.add({ resources: { milliCpu: 9_000 } }), 1);
  await spawn(
    server.modal,
    fixture.catalog.add({ resources: { gpuConfig: { gpuType: "any", count: 1 } } }),
    1,
  );
  await pause(100);
  expect(worker.alive).toHaveLength(1);
  expect(worker.containers).toHaveLength(1);
});
