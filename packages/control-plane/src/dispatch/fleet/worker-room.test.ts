import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, remote, spawn, valueOf } from "../../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();

function say(worker: ScriptedWorker, lack: "" | "bytes" | "files"): void {
  const disk = { directory: "/data", freeBytes: 5n << 20n, reserveBytes: 64n << 20n, reserveFiles: 100n };
  worker.report({ case: "disk", value: { ...disk, freeFiles: 7n, lack } });
}

test("nothing starts on a worker whose disk is short, what runs there goes on, and its calls say why they wait [L4]", async () => {
  await using server = await fixture.openServer();
  await using worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const running = fixture.catalog.add({}, { tag: "running" });
  expect(await remote(server.modal, running, 1)).toBe(2);
  say(worker, "bytes");
  await pause(30);
  expect(await remote(server.modal, running, 2)).toBe(4);
  const call = await spawn(server.modal, fixture.catalog.add({}, { tag: "waiting" }), 21);
  const { tasks } = await server.modal.taskList({});
  expect(tasks.find((task) => task.functionTag === "waiting")?.pendingReason).toBe(
    "waiting for room on the disk of worker box: 5 MiB are free, and 64 MiB are kept for work that has been accepted",
  );
  expect(worker.containers).toHaveLength(1);
  const { workers } = await server.operator.serverInfo({});
  expect(workers[0]?.disk).toMatchObject({ directory: "/data", lack: "bytes", freeBytes: 5n << 20n });
  say(worker, "");
  expect(valueOf(await outputOf(server.modal, call))).toBe(42);
});

test("another worker that has room is chosen, and idle containers are not let go for nothing [L4]", async () => {
  await using server = await fixture.openServer();
  await using short = await new ScriptedWorker(server.dispatch, { script: double, name: "short" }).join();
  expect(await remote(server.modal, fixture.catalog.add(), 1)).toBe(2);
  say(short, "files");
  await pause(30);
  const call = await spawn(server.modal, fixture.catalog.add(), 3);
  await pause(50);
  expect(short.alive).toHaveLength(1);
  await using other = await new ScriptedWorker(server.dispatch, { script: double, name: "other" }).join();
  await eventually(() => other.containers.length === 1, "started on the other worker");
  expect(valueOf(await outputOf(server.modal, call))).toBe(6);
  expect(short.containers).toHaveLength(1);
});
