import { FunctionCallType, GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../test/dispatch-fixture.ts";
import { eventually, outputOf, pipelined, remote, spawn, valueOf } from "../../test/scripted-caller.ts";
import { UserError, type Script } from "../../test/scripted-container.ts";
import { ScriptedWorker } from "../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

test("a call starts a container, gets its result, and the next call reuses the container [G1]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const fn = fixture.catalog.add();
  expect(await remote(server.modal, fn, 21)).toBe(42);
  expect(await remote(server.modal, fn, 4)).toBe(8);
  expect(worker.containers).toHaveLength(1);
  expect(worker.containers[0]?.inputs).toHaveLength(2);
});

test("inputs queue while @enter runs, and @enter runs once in each container [F1] [F5]", async () => {
  await using server = await openServer();
  let entered = 0;
  const gate = Promise.withResolvers<void>();
  const script: Script = {
    ...double,
    async enter() {
      entered++;
      await gate.promise;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  const call = await spawn(server.modal, fn, 1);
  await eventually(() => entered === 1, "entered");
  const { tasks } = await server.modal.taskList({});
  expect(tasks[0]?.pendingReason).toBe("");
  expect(worker.containers[0]?.inputs).toEqual([]);
  expect((await server.modal.functionGetCurrentStats({ functionId: fn })).backlog).toBe(1);
  gate.resolve();
  expect((await outputOf(server.modal, call)).result?.status).toBe(Status.SUCCESS);
  await remote(server.modal, fn, 2);
  expect(entered).toBe(1);
});

test("a user's error comes back to the caller and is retried as often as the policy says [R3]", async () => {
  await using server = await openServer();
  let tries = 0;
  const script: Script = {
    handle() {
      tries++;
      throw new UserError(`no. ${tries}`);
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const once = fixture.catalog.add();
  await expect(remote(server.modal, once)).rejects.toThrow("FAILURE: no. 1");
  tries = 0;
  const retried = fixture.catalog.add({
    retryPolicy: { retries: 2, backoffCoefficient: 1, initialDelayMs: 20, maxDelayMs: 100 },
  });
  await expect(remote(server.modal, retried)).rejects.toThrow("FAILURE: no. 3");
  expect(worker.containers.at(-1)?.attempts).toEqual([0, 1, 2]);
});

test("a map's outputs come once each, under a growing cursor", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, {
    script: { ...double, concurrency: 4 },
  }).join();
  const functionId = fixture.catalog.add({
    maxConcurrentInputs: 4,
    autoscalerSettings: { maxContainers: 2 },
  });
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  for (let from = 0; from < 100; from += 25) {
    const inputs = Array.from({ length: 25 }, (_, offset) => pipelined(from + offset, [from + offset]));
    const accepted = await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
    expect(accepted.inputs.map((item) => item.idx)).toEqual(inputs.map((item) => item.idx));
  }
  const seen: number[] = [];
  let lastEntryId = "0-0";
  while (seen.length < 100) {
    const page = await server.modal.functionGetOutputs({ functionCallId, timeout: 10, lastEntryId });
    expect(page.outputs.length).toBeGreaterThan(0);
    expect(Number.parseInt(page.lastEntryId, 10)).toBeGreaterThan(Number.parseInt(lastEntryId, 10));
    lastEntryId = page.lastEntryId;
    seen.push(...page.outputs.map((output) => output.idx));
  }
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, idx) => idx));
  const rest = await server.modal.functionGetOutputs({ functionCallId, timeout: 0.05, lastEntryId });
  expect(rest.outputs).toEqual([]);
  expect(rest.numUnfinishedInputs).toBe(0);
  expect(worker.containers.length).toBeLessThanOrEqual(2);
});

test("a request that is sent again does nothing twice", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const functionId = fixture.catalog.add();
  const request = {
    functionId,
    functionCallType: FunctionCallType.UNARY,
    pipelinedInputs: [pipelined(0, [1])],
  };
  const options = { idempotencyKey: "k1" };
  const [first, again] = await Promise.all([
    server.modal.functionMap(request, options),
    server.modal.functionMap(request, options),
  ]);
  expect(again).toEqual(first);
  await outputOf(server.modal, first.functionCallId);
  expect((await server.modal.functionMap(request, options)).functionCallId).toBe(first.functionCallId);
  const put = { functionId, functionCallId: first.functionCallId, inputs: [pipelined(0, [1])] };
  expect((await server.modal.functionPutInputs(put)).inputs[0]?.inputId).toBe(
    first.pipelinedInputs[0]?.inputId,
  );
  await pause(30);
  expect(worker.containers.flatMap((container) => container.inputs)).toHaveLength(1);
});

test("a call that asks for it gets its output with the answer, also when it asks again; one that takes longer does not", async () => {
  await using server = await openServer();
  const gate = Promise.withResolvers<void>();
  const script: Script = {
    async handle([n]) {
      if (n === 1) await gate.promise;
      return Number(n) * 2;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add();
  const ask = (n: number, outputWaitSecs: number) =>
    server.modal.functionMap(
      {
        functionId,
        functionCallType: FunctionCallType.UNARY,
        pipelinedInputs: [pipelined(0, [n])],
        outputWaitSecs,
      },
      { idempotencyKey: `ask-${n}` },
    );
  const [first, again] = [await ask(21, 20), await ask(21, 20)];
  for (const { output } of [first, again]) expect(output && valueOf(output)).toBe(42);
  expect(again.functionCallId).toBe(first.functionCallId);
  const late = await ask(1, 0.05);
  expect(late.output).toBeUndefined();
  gate.resolve();
  expect(valueOf(await outputOf(server.modal, late.functionCallId))).toBe(2);
  expect(worker.containers[0]?.inputs).toHaveLength(2);
});

test("an answer with an input that got lost is given again to the same request", async () => {
  await using server = await openServer();
  const release = Promise.withResolvers<void>();
  const script: Script = { enter: () => release.promise };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 1);
  await eventually(() => worker.containers.length === 1, "started");
  const modal = worker.containers[0]?.modal;
  const first = await modal?.functionGetInputs({}, { idempotencyKey: "poll" });
  const again = await modal?.functionGetInputs({}, { idempotencyKey: "poll" });
  expect(first?.inputs[0]?.functionCallId).toBe(call);
  expect(again).toEqual(first);
  release.resolve();
});

test("a commit that failed when a container ended is told in the app's log [M4]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const fn = fixture.catalog.add();
  await remote(server.modal, fn, 1);
  worker.exitWith = {
    failure: { status: Status.FAILURE, exception: "The last commit of weights failed: disk full." },
  };
  worker.alive[0]?.die();
  const appId = fixture.catalog.spec(fn)?.appId ?? "";
  const lines: string[] = [];
  for await (const batch of server.modal.appGetLogs({ appId, timeout: 1, fileDescriptor: 3 }))
    lines.push(...batch.items.map((item) => item.data));
  expect(lines).toEqual(["The last commit of weights failed: disk full.\n"]);
});

test("a lost worker's inputs are done by another one", async () => {
  await using server = await openServer({ workerLostAfterMs: 300 });
  const blocked: Script = { handle: () => new Promise(() => undefined) };
  await using first = await new ScriptedWorker(server.dispatch, { script: blocked, name: "a" }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 21);
  await eventually(() => first.containers[0]?.inputs.length === 1, "running on the first");
  first.kill();
  await using second = await new ScriptedWorker(server.dispatch, { script: double, name: "b" }).join();
  expect((await outputOf(server.modal, call)).taskId).toBe(second.containers[0]?.taskId);
});

test("a worker that stands still alone, and whose work nobody else can do, is waited for: it goes on where it stood [L6]", async () => {
  await using server = await openServer({ workerLostAfterMs: 300 });
  const gate = Promise.withResolvers<number>();
  const script: Script = { handle: () => gate.promise };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add({ maxConcurrentInputs: 1 });
  const running = await spawn(server.modal, functionId, 21);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "it runs");
  worker.suspend();
  await pause(1_500);
  const late = await spawn(server.modal, functionId, 21);
  await pause(300);
  worker.wake();
  gate.resolve(7);
  const [first] = worker.containers;
  expect((await outputOf(server.modal, running)).taskId).toBe(first?.taskId);
  await outputOf(server.modal, late);
  expect(first?.inputs.length).toBeGreaterThan(0);
  expect(worker.containers.filter(({ dead }) => dead)).toEqual([]);
});

test("a worker that stands still is given up when another can do its work, whenever that one comes [L6]", async () => {
  await using server = await openServer({ workerLostAfterMs: 300 });
  const blocked: Script = { handle: () => new Promise(() => undefined) };
  await using first = await new ScriptedWorker(server.dispatch, { script: blocked, name: "a" }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 21);
  await eventually(() => first.containers[0]?.inputs.length === 1, "running on the first");
  first.suspend();
  await pause(1_500);
  await using second = await new ScriptedWorker(server.dispatch, { script: double, name: "b" }).join();
  expect((await outputOf(server.modal, call)).taskId).toBe(second.containers[0]?.taskId);
});

test("a worker that starts anew on the same machine gives up what the one before it ran, at once", async () => {
  await using server = await openServer();
  const blocked: Script = { handle: () => new Promise(() => undefined) };
  await using first = await new ScriptedWorker(server.dispatch, { script: blocked }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 21);
  await eventually(() => first.containers[0]?.inputs.length === 1, "running on the first");
  first.kill();
  await pause(20);
  await using second = await new ScriptedWorker(server.dispatch, { script: double }).join();
  expect((await outputOf(server.modal, call, 5)).taskId).toBe(second.containers[0]?.taskId);
});

test("@enter that raises fails the waiting call with its error after one try [F7]", async () => {
  await using server = await openServer();
  let tries = 0;
  const script: Script = {
    enter() {
      tries++;
      throw new UserError("no weights");
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add();
  await expect(remote(server.modal, fn)).rejects.toThrow("FAILURE: no weights");
  await pause(50);
  expect(tries).toBe(1);
  await expect(remote(server.modal, fn)).rejects.toThrow("FAILURE: no weights");
  expect(tries).toBe(2);
  expect(worker.alive).toEqual([]);
});

test("a function that is kept warm and cannot start is not started for ever", async () => {
  await using server = await openServer();
  const script: Script = {
    enter() {
      throw new UserError("no weights");
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  fixture.catalog.add({ autoscalerSettings: { minContainers: 1 } });
  await pause(1_500);
  expect(worker.containers.length).toBeLessThanOrEqual(2);
});

test("an input that takes longer than its timeout ends as TIMEOUT and its container is stopped with grace [G4] [R4]", async () => {
  await using server = await openServer();
  const script: Script = { handle: ([n]) => (n === "slow" ? new Promise(() => undefined) : n) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ timeoutSecs: 1 });
  await expect(remote(server.modal, fn, "slow")).rejects.toThrow(
    "TIMEOUT: The call took longer than its timeout of 1 s.",
  );
  await eventually(() => worker.alive.length === 0, "stopped");
  expect(worker.containers[0]?.stops[0]?.graceSecs).toBeGreaterThan(0);
  expect(await remote(server.modal, fn, "quick")).toBe("quick");
});

test("@enter is limited by startup_timeout, not by the limit of a call [F8]", async () => {
  await using server = await openServer();
  const script: Script = { ...double, enter: () => pause(1_500) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  expect(await remote(server.modal, fixture.catalog.add({ timeoutSecs: 1, startupTimeoutSecs: 30 }), 2)).toBe(
    4,
  );
  worker.script = { ...double, enter: () => pause(60_000) };
  await expect(remote(server.modal, fixture.catalog.add({ startupTimeoutSecs: 1 }), 2)).rejects.toThrow(
    "TIMEOUT: The container was not ready within 1 s.",
  );
});

test("a running input is cancelled, and its container serves the next one", async () => {
  await using server = await openServer();
  const script: Script = { handle: ([n]) => (n === "slow" ? new Promise(() => undefined) : n) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ autoscalerSettings: { maxContainers: 1 } });
  const running = await spawn(server.modal, fn, "slow");
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  const waiting = await spawn(server.modal, fn, "never");
  await server.modal.functionCallCancel({ functionCallId: waiting });
  await server.modal.functionCallCancel({ functionCallId: running });
  expect((await outputOf(server.modal, running)).result?.status).toBe(Status.TERMINATED);
  expect((await outputOf(server.modal, waiting)).result?.status).toBe(Status.TERMINATED);
  expect(await remote(server.modal, fn, "quick")).toBe("quick");
  expect(worker.containers).toHaveLength(1);
});

test("cancelling with terminate_containers kills the container", async () => {
  await using server = await openServer();
  const script: Script = { handle: () => new Promise(() => undefined), deaf: true };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = await spawn(server.modal, fixture.catalog.add(), 1);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  await server.modal.functionCallCancel({ functionCallId: call, terminateContainers: true });
  await eventually(() => worker.alive.length === 0, "killed");
  expect(worker.containers[0]?.stops[0]?.graceSecs).toBe(0);
});

test("idle containers are let go after the scaledown window, by the kill switch [G1] [P10]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const fn = fixture.catalog.add({ autoscalerSettings: { scaledownWindow: 1 } });
  await remote(server.modal, fn, 1);
  await pause(700);
  expect(worker.alive).toHaveLength(1);
  await eventually(() => worker.alive.length === 0, "let go");
  expect(worker.containers[0]?.stops).toEqual([]);
});

test("containers that are kept without calls are started at once and replaced when they die", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const fn = fixture.catalog.add({ autoscalerSettings: { minContainers: 2, scaledownWindow: 1 } });
  await eventually(() => worker.alive.length === 2, "two are kept");
  await pause(100);
  worker.alive[0]?.die({ exitCode: 1 });
  await eventually(() => worker.alive.length === 2, "replaced");
  await server.modal.functionUpdateSchedulingParams({ functionId: fn, settings: { minContainers: 0 } });
  await eventually(() => worker.alive.length === 0, "no longer kept");
  expect(worker.containers).toHaveLength(3);
});

test("a new revision takes over: busy old containers finish, idle ones go", async () => {
  await using server = await openServer();
  const gate = Promise.withResolvers<void>();
  const old: Script = {
    async handle() {
      await gate.promise;
      return "old";
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script: old }).join();
  const fn = fixture.catalog.add();
  const busy = await spawn(server.modal, fn);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  worker.script = { handle: () => "new" };
  fixture.catalog.update(fn, { revision: 2 });
  expect(await remote(server.modal, fn)).toBe("new");
  gate.resolve();
  expect((await outputOf(server.modal, busy)).result?.status).toBe(Status.SUCCESS);
  await eventually(() => worker.containers[0]?.dead === true, "the old one is gone");
  worker.script = { handle: () => "newer" };
  fixture.catalog.update(fn, { revision: 3 });
  await eventually(() => worker.alive.length === 0, "idle ones go at once");
  expect(await remote(server.modal, fn)).toBe("newer");
});

test("without a GPU the reason is told, in lists and logs, until a worker simulates one [Q5]", async () => {
  await using server = await openServer();
  await using plain = await new ScriptedWorker(server.dispatch, { script: double, name: "plain" }).join();
  const fn = fixture.catalog.add({ resources: { gpuConfig: { gpuType: "any", count: 1 } } });
  const call = await spawn(server.modal, fn, 2);
  const reason = "no worker has a GPU; start one with --simulate-gpus to run without";
  const { tasks } = await server.modal.taskList({});
  expect(tasks.map((task) => task.pendingReason)).toEqual([reason]);
  const logs = server.modal.appGetLogs({ appId: tasks[0]?.appId ?? "", timeout: 0 });
  const said: string[] = [];
  for await (const batch of logs)
    for (const item of batch.items) said.push(item.taskProgress?.description ?? "");
  expect(said).toContain(reason);
  await using simulating = await new ScriptedWorker(server.dispatch, {
    script: double,
    name: "simulating",
    simulatedGpus: true,
    gpus: [{ type: "SIMULATED", device: "simulated=0" }],
  }).join();
  expect((await outputOf(server.modal, call)).taskId).toBe(simulating.containers[0]?.taskId);
  expect(plain.containers).toEqual([]);
});

test("an idle container of one function makes room for another", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double, memoryMb: 1024 }).join();
  const resources = { memoryMb: 1000 };
  const [one, other] = [fixture.catalog.add({ resources }), fixture.catalog.add({ resources })];
  expect(await remote(server.modal, one, 1)).toBe(2);
  expect(await remote(server.modal, other, 2)).toBe(4);
  expect(worker.alive).toHaveLength(1);
});

test("generator values stream in order, from any index, also after the end", async () => {
  await using server = await openServer({ memoryBytes: 64 });
  const script: Script = {
    async handle(_args, item, container) {
      for (let index = 1n; index <= 5n; index++) {
        await container.modal.functionCallPutDataOut({
          callInfoOneof: { case: "functionCallId", value: item.functionCallId },
          dataChunks: [{ index, dataOneof: { case: "data", value: new Uint8Array(40).fill(Number(index)) } }],
        });
        await pause(2);
      }
      return 5;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const value = await spawn(server.modal, fixture.catalog.add());
  const read = async (lastIndex: bigint) => {
    const seen: number[] = [];
    const callInfoOneof = { case: "functionCallId" as const, value };
    for await (const chunk of server.modal.functionCallGetDataOut({ callInfoOneof, lastIndex })) {
      expect(chunk.dataOneof.value?.[0]).toBe(Number(chunk.index));
      seen.push(Number(chunk.index));
    }
    return seen;
  };
  expect(await read(0n)).toEqual([1, 2, 3, 4, 5]);
  expect(await read(3n)).toEqual([4, 5]);
  expect(worker.containers).toHaveLength(1);
});

test("a full queue and too large arguments are refused with advice, and leave nothing", async () => {
  await using server = await openServer();
  const fn = fixture.catalog.add();
  await expect(
    server.modal.functionMap({
      functionId: fn,
      pipelinedInputs: [
        { idx: 0, input: { argsOneof: { case: "args", value: new Uint8Array(65 * 1024 * 1024) } } },
      ],
    }),
  ).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE", status: "INVALID_ARGUMENT" });
  const inputs = Array.from({ length: 25_001 }, (_, idx) => pipelined(idx, []));
  await expect(server.modal.functionMap({ functionId: fn, pipelinedInputs: inputs })).rejects.toMatchObject({
    code: "FUNCTION_QUEUE_FULL",
    status: "RESOURCE_EXHAUSTED",
  });
  expect((await server.modal.functionGetCurrentStats({ functionId: fn })).backlog).toBe(0);
});

test("stopping an app ends its calls and containers, and its log", async () => {
  await using server = await openServer();
  const script: Script = { handle: () => new Promise(() => undefined) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add();
  const appId = fixture.catalog.spec(fn)?.appId ?? "";
  const call = await spawn(server.modal, fn);
  await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
  const logs = (async () => {
    for await (const batch of server.modal.appGetLogs({ appId, timeout: 30 })) if (batch.appDone) return true;
    return false;
  })();
  fixture.catalog.stopped.add(appId);
  fixture.catalog.update(fn, { active: false });
  await server.dispatch.appTasks.stopApp(appId, {
    reason: "The app was stopped.",
    signal: AbortSignal.timeout(5_000),
  });
  expect(worker.alive).toEqual([]);
  expect((await outputOf(server.modal, call)).result?.exception).toBe("The app was stopped.");
  expect(await logs).toBe(true);
  await expect(spawn(server.modal, fn)).rejects.toMatchObject({ code: "APP_STOPPED" });
});
