// What becomes of calls when the database finds no room on the disk.
import { FunctionCallInvocationType, FunctionCallType } from "@dorian/protocol/modal";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { dispatchFixture, pause } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, pipelined, valueOf } from "../../../test/scripted-caller.ts";
import type { Script } from "../../../test/scripted-container.ts";
import type { ScriptedServer } from "../../../test/scripted-server.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
/** More than the free pages of the database's file. */
const ballast = "x".repeat(40_000);
const refused = { code: "STORAGE_FULL", status: "RESOURCE_EXHAUSTED" };

async function fillDisk({ db }: ScriptedServer): Promise<void> {
  // The limit is never below what the file has already.
  await sql`pragma max_page_count = 1`.execute(db);
}

async function freeDisk({ db }: ScriptedServer): Promise<void> {
  await sql`pragma max_page_count = 1000000`.execute(db);
}

/** Doubles its argument, and notes what it was called with. */
function noting(runs: number[], gate: Promise<void> = Promise.resolve()): Script {
  return {
    async handle([n]) {
      runs.push(Number(n));
      await gate;
      return Number(n) * 2;
    },
  };
}

test("inputs of a map that were refused are taken when they are sent again, and run once each [L4]", async () => {
  await using server = await fixture.openServer();
  const runs: number[] = [];
  const gate = Promise.withResolvers<void>();
  await using worker = await new ScriptedWorker(server.dispatch, {
    script: noting(runs, gate.promise),
  }).join();
  const functionId = fixture.catalog.add({ autoscalerSettings: { minContainers: 1, maxContainers: 1 } });
  await eventually(() => worker.containers.length === 1, "started");
  await pause(30);
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  const inputs = [0, 1, 2, 3].map((n) => pipelined(n, [n, ballast]));
  const put = () => server.modal.functionPutInputs({ functionId, functionCallId, inputs });
  await fillDisk(server);
  await expect(put()).rejects.toMatchObject(refused);
  // The first is in the container, the others wait no more.
  await eventually(() => runs.length === 1, "handed out");
  const { backlog } = await server.modal.functionGetCurrentStats({ functionId });
  expect(backlog).toBe(0);
  await expect(put()).rejects.toMatchObject(refused);
  await freeDisk(server);
  const accepted = await put();
  expect(accepted.inputs.map(({ idx }) => idx)).toEqual([0, 1, 2, 3]);
  gate.resolve();
  const seen = new Map<number, unknown>();
  let lastEntryId = "0-0";
  while (seen.size < 4) {
    const page = await server.modal.functionGetOutputs({ functionCallId, timeout: 10, lastEntryId });
    expect(page.outputs.length).toBeGreaterThan(0);
    lastEntryId = page.lastEntryId;
    for (const output of page.outputs) seen.set(output.idx, valueOf(output));
  }
  expect([...seen].toSorted()).toEqual([0, 1, 2, 3].map((n) => [n, n * 2]));
  expect(runs.toSorted()).toEqual([0, 1, 2, 3]);
});

test("a call that was refused is made when the same request comes again, and its key remembers no refusal [L4]", async () => {
  await using server = await fixture.openServer();
  const runs: number[] = [];
  await using worker = await new ScriptedWorker(server.dispatch, { script: noting(runs) }).join();
  const functionId = fixture.catalog.add();
  const call = (n: number) =>
    server.modal.functionMap(
      {
        functionId,
        functionCallType: FunctionCallType.UNARY,
        functionCallInvocationType: FunctionCallInvocationType.ASYNC,
        pipelinedInputs: [pipelined(0, [n, ballast])],
      },
      { idempotencyKey: `call-${n}` },
    );
  await fillDisk(server);
  await expect(call(1)).rejects.toMatchObject(refused);
  await expect(call(1)).rejects.toMatchObject(refused);
  await freeDisk(server);
  const { functionCallId } = await call(1);
  expect(valueOf(await outputOf(server.modal, functionCallId))).toBe(2);
  // With a container that waits, the input is out before the disk refuses it.
  await pause(50);
  await fillDisk(server);
  await expect(call(2)).rejects.toMatchObject(refused);
  await eventually(() => runs.length === 2, "handed out");
  await freeDisk(server);
  expect(valueOf(await outputOf(server.modal, (await call(2)).functionCallId))).toBe(4);
  expect(runs).toEqual([1, 2]);
  expect(worker.containers).toHaveLength(1);
});

test("nothing comes of a call that was refused and is not made again [L4]", async () => {
  const runs: number[] = [];
  {
    await using server = await fixture.openServer();
    const functionId = fixture.catalog.add();
    await fillDisk(server);
    for (let n = 0; n < 3; n += 1) {
      await expect(
        server.modal.functionMap({
          functionId,
          functionCallType: FunctionCallType.UNARY,
          pipelinedInputs: [pipelined(0, [n, ballast])],
        }),
      ).rejects.toMatchObject(refused);
    }
    await freeDisk(server);
    await using worker = await new ScriptedWorker(server.dispatch, { script: noting(runs) }).join();
    await pause(50);
    expect(worker.containers).toEqual([]);
  }
  await using server = await fixture.openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script: noting(runs) }).join();
  await pause(50);
  expect(runs).toEqual([]);
  expect(await server.db.selectFrom("function_call").selectAll().execute()).toEqual([]);
});

test("an output that found no room is written later, also when its container has gone meanwhile [L4]", async () => {
  let functionCallId: string;
  {
    await using server = await fixture.openServer();
    const gate = Promise.withResolvers<void>();
    const script: Script = {
      async handle() {
        await gate.promise;
        return ballast;
      },
    };
    await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
    ({ functionCallId } = await server.modal.functionMap({
      functionId: fixture.catalog.add(),
      functionCallType: FunctionCallType.UNARY,
      pipelinedInputs: [pipelined(0, [])],
    }));
    await eventually(() => worker.containers[0]?.inputs.length === 1, "running");
    await fillDisk(server);
    gate.resolve();
    expect(valueOf(await outputOf(server.modal, functionCallId))).toBe(ballast);
    worker.containers[0]?.die();
    await pause(50);
    await freeDisk(server);
    await server.dispatch.saveOutputs();
  }
  await using server = await fixture.openServer();
  expect(valueOf(await outputOf(server.modal, functionCallId))).toBe(ballast);
});
