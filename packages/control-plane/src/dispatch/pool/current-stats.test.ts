import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, spawn } from "../../../test/scripted-caller.ts";
import type { Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();

test("a function's inputs, containers and free places are counted as they are [A21]", async () => {
  await using server = await fixture.openServer();
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const script: Script = {
    concurrency: 3,
    async handle() {
      running++;
      await gate.promise;
      return 1;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add({
    maxConcurrentInputs: 3,
    autoscalerSettings: { maxContainers: 1 },
  });
  const stats = () => server.modal.functionGetCurrentStats({ functionId });
  expect(await stats()).toMatchObject({
    backlog: 0,
    numTotalTasks: 0,
    numRunningInputs: 0,
    inputHeadroom: 0,
  });
  const calls = [await spawn(server.modal, functionId, 1), await spawn(server.modal, functionId, 2)];
  await eventually(() => running === 2, "two inputs run");
  const two = { backlog: 0, numActiveTasks: 1, numTotalTasks: 1, numRunningInputs: 2, inputHeadroom: 1 };
  expect(await stats()).toMatchObject(two);
  for (let n = 3; n <= 5; n++) calls.push(await spawn(server.modal, functionId, n));
  await eventually(() => running === 3, "the container is full");
  expect(await stats()).toMatchObject({ backlog: 2, numRunningInputs: 3, inputHeadroom: 0 });
  gate.resolve();
  for (const call of calls) await outputOf(server.modal, call);
  expect(await stats()).toMatchObject({
    backlog: 0,
    numActiveTasks: 0,
    numTotalTasks: 1,
    numRunningInputs: 0,
    inputHeadroom: 3,
  });
});
