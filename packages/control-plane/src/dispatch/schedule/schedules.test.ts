import { create } from "@bufbuild/protobuf";
import { FunctionCallInvocationType, ScheduleSchema } from "@dorian/protocol/modal";
import { RoomWatch } from "@dorian/storage/room-watch";
import { expect, test } from "vitest";
import { dispatchFixture, pause } from "../../../test/dispatch-fixture.ts";
import { eventually } from "../../../test/scripted-caller.ts";
import type { Script } from "../../../test/scripted-container.ts";
import type { ScriptedServer } from "../../../test/scripted-server.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

const every = (seconds: number) => ({
  scheduleOneof: { case: "period" as const, value: { seconds } },
});

const patience = { timeout: 20_000 };

const callsIn = async (server: ScriptedServer) =>
  await server.db.selectFrom("function_call").selectAll().orderBy("created_at").execute();
const rowsIn = async (server: ScriptedServer) => await server.db.selectFrom("schedule").selectAll().execute();

test("a scheduled function is called without arguments, for as long as its app is there", async () => {
  await using server = await openServer();
  const seen: unknown[] = [];
  const script: Script = { handle: (args) => void seen.push(args) };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add({ schedule: every(1) });
  await eventually(() => seen.length === 2, "two runs");
  expect(seen).toEqual([[], []]);
  const [call] = await callsIn(server);
  expect(call).toMatchObject({
    function_id: functionId,
    invocation_type: FunctionCallInvocationType.ASYNC,
    parent_input_id: "",
  });
  fixture.catalog.update(functionId, { active: false });
  await pause(1_200);
  expect(seen.length).toBeLessThanOrEqual(3);
  expect(await rowsIn(server)).toEqual([]);
});

test("a redeploy keeps the phase of a schedule that has not changed, and begins anew with one that has", async () => {
  await using server = await openServer();
  const functionId = fixture.catalog.add({ schedule: every(3600) });
  await pause(20);
  const [before] = await rowsIn(server);
  const spec = fixture.catalog.spec(functionId);
  if (!spec) throw new Error("The function has gone.");
  fixture.catalog.update(functionId, { revision: 2 });
  await pause(20);
  expect(await rowsIn(server)).toEqual([before]);
  const changed = { ...spec.definition, schedule: create(ScheduleSchema, every(300)) };
  fixture.catalog.update(functionId, { definition: changed });
  await pause(20);
  const [after] = await rowsIn(server);
  expect(after?.anchor_at).toBeGreaterThan(before?.anchor_at ?? Infinity);
  expect(after?.next_at).toBe((after?.anchor_at ?? 0) + 300_000);
});

test("what was missed while the server was down is made up for by one run, at once", async () => {
  let now = Date.UTC(2025, 0, 1);
  const first = await openServer({ nowMs: () => now });
  const functionId = fixture.catalog.add({ schedule: every(3600) });
  await pause(20);
  const [row] = await rowsIn(first);
  await first.crash();
  now += 10.5 * 3600_000;
  await using second = await openServer({ nowMs: () => now });
  await expect
    .poll(async () => (await rowsIn(second)).map(({ anchor_at, next_at }) => [anchor_at, next_at]), patience)
    .toEqual([[row?.anchor_at, (row?.anchor_at ?? 0) + 11 * 3600_000]]);
  expect(await callsIn(second)).toMatchObject([{ function_id: functionId }]);
});

test("a crash between a run and the note of it does not run it twice", async () => {
  let now = Date.UTC(2025, 0, 1);
  const first = await openServer({ nowMs: () => now });
  fixture.catalog.add({ schedule: every(3600) });
  await pause(20);
  const due = (await rowsIn(first))[0]?.next_at ?? 0;
  await first.crash();
  now = due + 1_000;
  const second = await openServer({ nowMs: () => now });
  await pause(50);
  expect(await callsIn(second)).toHaveLength(1);
  await second.db.updateTable("schedule").set({ next_at: due }).execute();
  await second.crash();
  await using third = await openServer({ nowMs: () => now });
  await expect.poll(async () => (await rowsIn(third))[0]?.next_at, patience).toBe(due + 3600_000);
  expect(await callsIn(third)).toHaveLength(1);
});

test("a run that is due while the disk is short is made up for when there is room, once however often it was due, over a restart too [L4]", async () => {
  const gibibyte = 2 ** 30;
  const free = { bytes: 50 * gibibyte, files: 1e6 };
  const roomOn = () =>
    new RoomWatch({
      directory: "/data",
      reserveBytes: gibibyte,
      look: () => ({ free: { ...free }, size: { bytes: 100 * gibibyte, files: 2e6 } }),
    });
  let now = Date.UTC(2025, 0, 1);
  const hours = (count: number) => (now += count * 3600_000);
  using room = roomOn();
  const first = await openServer({ nowMs: () => now, room });
  const functionId = fixture.catalog.add({ schedule: every(3600) });
  await pause(50);
  free.bytes = 0;
  hours(1.5);
  // The clock is set, which the schedule notices when it looks again.
  fixture.catalog.changed([functionId]);
  await pause(1_200);
  expect(await callsIn(first)).toEqual([]);
  hours(1);
  await pause(1_200);
  expect(await callsIn(first)).toEqual([]);
  free.bytes = 50 * gibibyte;
  await expect.poll(async () => (await callsIn(first)).length, patience).toBe(1);
  await pause(1_200);
  expect(await callsIn(first)).toHaveLength(1);

  free.bytes = 0;
  hours(1);
  fixture.catalog.changed([functionId]);
  await pause(1_200);
  expect(await callsIn(first)).toHaveLength(1);
  await first.crash();
  free.bytes = 50 * gibibyte;
  await using second = await openServer({ nowMs: () => now, room });
  await expect.poll(async () => (await callsIn(second)).length, patience).toBe(2);
  await pause(1_200);
  expect(await callsIn(second)).toHaveLength(2);
});

test("a schedule goes on when the clock is set back by an hour, and runs once when it is set ahead [L6]", async () => {
  let stepMs = 0;
  await using server = await openServer({ nowMs: () => Date.now() + stepMs });
  fixture.catalog.add({ schedule: every(1) });
  await pause(2_500);
  const before = (await callsIn(server)).length;
  expect(before).toBe(2);
  stepMs = -3600_000;
  await pause(3_500);
  const back = (await callsIn(server)).length;
  expect(back).toBeGreaterThanOrEqual(before + 2);
  stepMs = 3600_000;
  await pause(2_500);
  const ahead = (await callsIn(server)).length;
  expect(ahead).toBeGreaterThanOrEqual(back + 2);
  expect(ahead).toBeLessThanOrEqual(back + 4);
});
