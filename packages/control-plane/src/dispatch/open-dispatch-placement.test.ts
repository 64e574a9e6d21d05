import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../test/dispatch-fixture.ts";
import { FunctionCallInvocationType, FunctionCallType } from "@dorian/protocol/modal";
import { eventually, outputOf, pipelined, remote, spawn, valueOf } from "../../test/scripted-caller.ts";
import type { Script } from "../../test/scripted-container.ts";
import { ScriptedWorker } from "../../test/scripted-worker.ts";

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

test.each(["server", "function"])(
  "where the %s says so, a call of what no worker can ever run fails with the reason; others wait [L13]",
  async (who) => {
    await using server = await openServer({ failFast: who === "server" });
    await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
    const resources = { milliCpu: 9_000 };
    const experimentalOptions: Record<string, string> = who === "function" ? { fail_fast: "True" } : {};
    const never = fixture.catalog.add({ resources, experimentalOptions });
    await expect(remote(server.modal, never, 1)).rejects.toThrow(
      "INIT_FAILURE: train cannot start: it asks for 9 CPUs and the largest worker has 8",
    );
    expect(await remote(server.modal, fixture.catalog.add(), 2)).toBe(4);
    if (who === "server") return;
    const patient = await spawn(server.modal, fixture.catalog.add({ resources }), 1);
    await pause(3_000);
    await expect(outputOf(server.modal, patient, 0)).rejects.toThrow("There is no output");
  },
);

test("a map of short inputs on two cores starts two containers and one more at most, one of long ones more and more [L14]", async () => {
  await using server = await openServer();
  let end = pause(0);
  const script: Script = {
    enter: () => pause(200),
    async handle([n]) {
      await pause(5);
      await end;
      return n;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script, milliCpu: 2_000 }).join();
  const begin = async () => {
    const functionId = fixture.catalog.add();
    const calls = await Promise.all(Array.from({ length: 16 }, (_, n) => spawn(server.modal, functionId, n)));
    return {
      started: () =>
        worker.containers.filter((each) => each.request.arguments?.functionId === functionId).length,
      results: () => Promise.all(calls.map((call) => outputOf(server.modal, call, 30))),
    };
  };
  const short = await begin();
  await short.results();
  expect(short.started()).toBeLessThan(4);
  const ending = Promise.withResolvers<void>();
  end = ending.promise;
  const long = await begin();
  await eventually(() => long.started() > 4, "more and more");
  ending.resolve();
  await long.results();
});

test("a function that calls itself gets a container for each level, as soon as one has started for the one before", async () => {
  await using server = await openServer();
  let functionId = "";
  const script: Script = {
    enter: () => pause(200),
    async handle([n], item, container) {
      if (n === 1) return 1;
      const { functionCallId } = await container.modal.functionMap({
        functionId,
        functionCallType: FunctionCallType.UNARY,
        functionCallInvocationType: FunctionCallInvocationType.SYNC,
        parentInputId: item.inputId,
        pipelinedInputs: [pipelined(0, [Number(n) - 1])],
      });
      return Number(n) + Number(valueOf(await outputOf(container.modal, functionCallId, 55)));
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script, milliCpu: 2_000 }).join();
  functionId = fixture.catalog.add();
  expect(await remote(server.modal, functionId, 8)).toBe(36);
  expect(worker.containers).toHaveLength(8);
});

test("a call whose caller has the whole answer does not start a container for the next call [L15]", async () => {
  await using server = await openServer();
  const script: Script = {
    enter: () => pause(500),
    async handle(_args, item, container) {
      await container.modal.functionCallPutDataOut({
        callInfoOneof: { case: "functionCallId", value: item.functionCallId },
        dataChunks: [{ index: 1n, dataOneof: { case: "data", value: new Uint8Array([1]) } }],
      });
      await pause(100);
      return null;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add();
  const request = async () => {
    const call = server.dispatch.web.calls({ functionId, input: {} });
    for await (const message of call.received({ signal: AbortSignal.timeout(5_000) })) {
      expect(message).toEqual(new Uint8Array([1]));
      call.answered();
      return call;
    }
    throw new Error("it ended without an answer");
  };
  await request();
  await (
    await request()
  ).result;
  expect(worker.containers).toHaveLength(1);
});
