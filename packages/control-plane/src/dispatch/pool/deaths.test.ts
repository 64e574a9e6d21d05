import { AppError } from "@dorian/base/app-error";
import { GenericResult_GenericStatus as Status, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { pino } from "pino";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, remote, spawn, valueOf } from "../../../test/scripted-caller.ts";
import {
  UserError,
  type Death,
  type Script,
  type ScriptedContainer,
} from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

const killed: Death = { exitCode: 137, signal: "SIGKILL" };
const exited: Death = { exitCode: 3 };
const outOfMemory: Death = { ...killed, outOfMemory: true, memoryLimitMb: 256n };

/** Containers that die so when they are given an input; `first` of them, or all. */
function dying(death: Death, first = Infinity): Script {
  let deaths = 0;
  return {
    handle: ([n], _item, container) => (deaths++ < first ? container.die(death) : Number(n) * 2),
  };
}

/** What the app's log says until it is quiet. */
async function logOf(modal: Pick<ServiceClient<typeof ModalClient>, "appGetLogs">): Promise<string[]> {
  const lines: string[] = [];
  const request = { appId: "ap-0000000000000000000001", timeout: 1 };
  for await (const batch of modal.appGetLogs(request)) lines.push(...batch.items.map((item) => item.data));
  return lines.filter((line) => line !== "");
}

test.for<[string, Death, string]>([
  ["leaves with an exit code", exited, "The container exited with code 3."],
  ["aborts", { exitCode: 134, signal: "SIGABRT" }, "The container was ended by SIGABRT."],
  [
    "uses more memory than it may",
    outOfMemory,
    "The container ran out of memory: its limit is 256 MiB. Ask for more with `memory`.",
  ],
  ["leaves as if all were well", { exitCode: 0 }, "The container exited with code 0."],
])("an input whose code %s runs once, and its caller reads why [L16]", async ([, death, reason]) => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: dying(death) }).join();
  await expect(remote(server.modal, fixture.catalog.add())).rejects.toThrow(`FAILURE: ${reason}`);
  expect(worker.containers).toHaveLength(1);
});

test("an input that ends its container is retried as often as the user says [L16]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: dying(exited) }).join();
  const retryPolicy = { retries: 2, backoffCoefficient: 1, initialDelayMs: 20, maxDelayMs: 100 };
  const fn = fixture.catalog.add({ retryPolicy });
  await expect(remote(server.modal, fn)).rejects.toThrow("FAILURE: The container exited with code 3.");
  expect(worker.containers.map((container) => container.attempts[0])).toEqual([0, 1, 2]);
});

test("a container that takes one input only is no exception [L16]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: dying(exited) }).join();
  const fn = fixture.catalog.add({ maxInputs: 1 });
  await expect(remote(server.modal, fn)).rejects.toThrow("FAILURE: The container exited with code 3.");
  expect(worker.containers).toHaveLength(1);
});

test("an input whose container is killed from outside is run again, at no cost of the user's retries [L16]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: dying(killed, 2) }).join();
  expect(await remote(server.modal, fixture.catalog.add(), 21)).toBe(42);
  expect(worker.containers).toHaveLength(3);
});

test("the server's log says of each input that is repeated which container had it, and how that ended [L16]", async () => {
  const said: Record<string, unknown>[] = [];
  const write = (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>);
  await using server = await openServer({ logger: pino({ base: null }, { write }) });
  await using worker = await new ScriptedWorker(server.dispatch, { script: dying(killed, 1) }).join();
  await remote(server.modal, fixture.catalog.add());
  expect(said.filter(({ msg }) => msg === "an input goes to another container")).toEqual([
    expect.objectContaining({
      inputId: expect.stringMatching(/^in-/) as string,
      taskId: worker.containers[0]?.taskId,
      cause: "killed",
      reason: "The container was ended by SIGKILL.",
    }),
  ]);
});

test("of inputs that ran together the guilty is told, and the others get their results [L16]", async () => {
  await using server = await openServer();
  const together = Promise.withResolvers<void>();
  const running = new Map<ScriptedContainer, number>();
  const most: number[] = [];
  const script: Script = {
    concurrency: 4,
    async handle([n], item, container) {
      const count = (running.get(container) ?? 0) + 1;
      running.set(container, count);
      if (item.retryCount === 0) {
        if (count === 4) together.resolve();
        await together.promise;
      } else {
        most.push(count);
        await pause(20);
      }
      if (n === 2) container.die(exited);
      running.set(container, (running.get(container) ?? 0) - 1);
      return n;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ maxConcurrentInputs: 4, autoscalerSettings: { maxContainers: 1 } });
  const calls = await Promise.all([1, 2, 3, 4].map((n) => spawn(server.modal, fn, n)));
  const outputs = await Promise.all(calls.map((call) => outputOf(server.modal, call)));
  expect(outputs.map((output) => output.result?.status)).toEqual([
    Status.SUCCESS,
    Status.FAILURE,
    Status.SUCCESS,
    Status.SUCCESS,
  ]);
  expect(outputs[1]?.result?.exception).toBe("The container exited with code 3.");
  expect([outputs[0], outputs[2], outputs[3]].map((output) => output && valueOf(output))).toEqual([1, 3, 4]);
  expect(Math.max(...most)).toBe(1);
  expect(worker.containers.flatMap((container) => container.attempts).every((attempt) => attempt < 2)).toBe(
    true,
  );
});

test("a suspect gets a container of its own, and others are served beside it [L16]", async () => {
  await using server = await openServer();
  const gate = Promise.withResolvers<void>();
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const script: Script = {
    concurrency: 4,
    async handle([n], item, container) {
      if (n === "other") return n;
      if (item.retryCount > 0) {
        await gate.promise;
        return n;
      }
      if (++begun === 2) both.resolve();
      await both.promise;
      if (n === "guilty") container.die(exited);
      return await new Promise(() => undefined);
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ maxConcurrentInputs: 4, autoscalerSettings: { maxContainers: 2 } });
  const calls = [await spawn(server.modal, fn, "guilty"), await spawn(server.modal, fn, "innocent")];
  await eventually(() => worker.containers.flatMap(({ attempts }) => attempts).includes(1), "run again");
  for (let n = 0; n < 8; n++) expect(await remote(server.modal, fn, "other")).toBe("other");
  gate.resolve();
  for (const call of calls) await outputOf(server.modal, call);
});

test("containers that are killed while they start lose no call: the log says that it is tried again [L5]", async () => {
  await using server = await openServer();
  let starts = 0;
  const script: Script = {
    ...double,
    enter: (container) => {
      if (++starts <= 5) container.die(killed);
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add();
  const calls = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => spawn(server.modal, fn, n)));
  const outputs = await Promise.all(calls.map((call) => outputOf(server.modal, call)));
  expect(outputs.map(valueOf)).toEqual([2, 4, 6, 8, 10, 12]);
  expect(worker.containers.length).toBeGreaterThan(5);
  const lines = await logOf(server.modal);
  expect(lines).toContain("The container was ended by SIGKILL.\n");
  expect(lines.join("")).toMatch(
    /train could not start \(once\). It is tried again in 0\.1 s; 6 inputs wait\./,
  );
});

test("a worker that cannot start containers for a time loses no call [L5]", async () => {
  await using server = await openServer();
  const failure = { status: Status.INIT_FAILURE, exception: "`ip link add` failed: no buffer space." };
  const script: Script = {
    ...double,
    enter: (container) => {
      if (worker.containers.length <= 4)
        container.die({ exitCode: -1, failureStatus: "INTERNAL", failure: failure as never });
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  expect(await remote(server.modal, fixture.catalog.add(), 21)).toBe(42);
  expect(worker.containers).toHaveLength(5);
});

test("a container that cannot be planned for want of room is planned again; what cannot work is told at once [L5]", async () => {
  await using server = await openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const fn = fixture.catalog.add();
  const full = { status: "RESOURCE_EXHAUSTED" as const, remedy: "Free space." };
  fixture.catalog.unplannable.set(fn, new AppError("STORAGE_FULL", "The disk is full.", full));
  const call = await spawn(server.modal, fn, 21);
  await pause(500);
  fixture.catalog.unplannable.delete(fn);
  expect(valueOf(await outputOf(server.modal, call))).toBe(42);
  const broken = fixture.catalog.add();
  const gone = new AppError("IMAGE_UNUSABLE", "The image is not on this machine.", { remedy: "Run again." });
  fixture.catalog.unplannable.set(broken, gone);
  await expect(remote(server.modal, broken)).rejects.toThrow(
    "INIT_FAILURE: The image is not on this machine. Run again.",
  );
  expect(worker.containers).toHaveLength(1);
});

test("what shares a container with an input that takes too long is done elsewhere [L18]", async () => {
  await using server = await openServer();
  const script: Script = {
    concurrency: 2,
    handle: async ([n], item) => {
      if (n === "slow" || item.retryCount === 0) await new Promise(() => undefined);
      return n;
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({
    timeoutSecs: 1,
    maxConcurrentInputs: 2,
    autoscalerSettings: { maxContainers: 1 },
  });
  const slow = await spawn(server.modal, fn, "slow");
  await pause(500);
  const other = await spawn(server.modal, fn, "other");
  expect((await outputOf(server.modal, slow)).result?.exception).toBe(
    "The call took longer than its timeout of 1 s.",
  );
  expect(valueOf(await outputOf(server.modal, other))).toBe("other");
  expect(worker.containers[0]?.stops[0]).toMatchObject({
    graceSecs: 1,
    reason: "an input took longer than its timeout of 1 s",
  });
});

test("code that ends its container while it starts fails the call at once, with the reason [L5]", async () => {
  await using server = await openServer();
  const script: Script = { enter: (container) => container.die(exited) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  await expect(remote(server.modal, fixture.catalog.add())).rejects.toThrow(
    "INIT_FAILURE: The container exited with code 3. It had not become ready.",
  );
  expect(worker.containers).toHaveLength(1);
});

test("a container that leaves before it is the user's turn is tried three times, with pauses [L5] [F7]", async () => {
  await using server = await openServer();
  const script: Script = { hello: (container) => container.die({ exitCode: 127 }) };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const started = performance.now();
  await expect(remote(server.modal, fixture.catalog.add())).rejects.toThrow(
    "INIT_FAILURE: The container exited with code 127. It had not become ready.",
  );
  expect(worker.containers).toHaveLength(3);
  expect(performance.now() - started).toBeGreaterThan(2_900);
});

test("while one function cannot start, another one is served [L5]", async () => {
  await using server = await openServer();
  const script: Script = {
    ...double,
    enter: (container) => {
      if (container.request.arguments?.functionId === broken) container.die(killed);
    },
  };
  const broken = fixture.catalog.add();
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  await spawn(server.modal, broken, 1);
  const sound = fixture.catalog.add();
  for (let n = 0; n < 5; n++) expect(await remote(server.modal, sound, n)).toBe(2 * n);
  // Each try of the broken one comes alone, and after a longer pause.
  expect(worker.containers.length).toBeLessThan(12);
});

test("a new revision of a function is started at once, however often the one before it failed [L5]", async () => {
  await using server = await openServer();
  const script: Script = {
    enter: () => {
      throw new UserError("no weights");
    },
  };
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const fn = fixture.catalog.add({ autoscalerSettings: { minContainers: 1 } });
  await eventually(() => worker.containers.length === 3, "tried three times");
  worker.script = double;
  fixture.catalog.update(fn, { revision: 2 });
  // The next try of the one before would come after four seconds.
  await pause(500);
  expect(worker.alive).toHaveLength(1);
});
