import { SnapshotTakenSchema } from "@dorian/protocol/worker";
import { create } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import { expect, test } from "vitest";
import { dispatchFixture, double } from "../../../test/dispatch-fixture.ts";
import { remote } from "../../../test/scripted-caller.ts";
import type { Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const snapshotEngine = "criu 4.2";

/** A function with a snapshot, on a worker whose containers do this. */
async function snapped(script: Script) {
  const server = await fixture.openServer();
  const worker = await new ScriptedWorker(server.dispatch, { script, snapshotEngine }).join();
  const fn = fixture.catalog.add({ startupTimeoutSecs: 1 });
  fixture.catalog.snapped.add(fn);
  const failures = async () =>
    (await server.operator.snapshotList({})).snapshots.map((snapshot) => snapshot.failures);
  return {
    server,
    worker,
    fn,
    failures,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a container that was brought back and hangs counts against its snapshot [I7]", async () => {
  await using place = await snapped({
    ...double,
    enter: ({ request }) => (request.snapshotLayerId === "" ? undefined : new Promise(() => undefined)),
  });
  const { worker, server, fn, failures } = place;
  expect(await remote(server.modal, fn, 1)).toBe(2);
  const [first] = worker.containers;
  expect(first?.request.takesSnapshot).toBe(true);
  worker.report({
    case: "snapshotTaken",
    value: create(SnapshotTakenSchema, { taskId: first?.taskId ?? "", layerId: newId("ly"), bytes: 5n }),
  });
  await expect.poll(failures, { timeout: 5_000 }).toEqual([0]);
  first?.die();
  await expect(remote(server.modal, fn, 1)).rejects.toThrow("not ready within");
  expect(await failures()).toEqual([1]);
});
