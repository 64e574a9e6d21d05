import { expect, test } from "vitest";
import { dispatchFixture, double } from "../../../test/dispatch-fixture.ts";
import { outputOf, remote, spawn } from "../../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";
import { Journal } from "../../database/journal.ts";
import { CallBytes } from "./call-bytes.ts";
import { CallForgetting } from "./forget-calls.ts";

const fixture = dispatchFixture();
const { signal } = new AbortController();
const day = 24 * 3_600_000;

test("calls leave the database in slices, those with work left stay, and those behind them do not wait for them", async () => {
  let now = Date.now();
  const nowMs = () => now;
  await using server = await fixture.openServer({ nowMs });
  const functionId = fixture.catalog.add();
  const large = fixture.catalog.add({ functionName: "large", resources: { milliCpu: 1_000_000 } });
  const open = await spawn(server.modal, large, 1);
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const done = await Promise.all(Array.from({ length: 120 }, (_, n) => spawn(server.modal, functionId, n)));
  for (const callId of done) await outputOf(server.modal, callId);
  const { db } = server;
  await using journal = new Journal(db);
  const bytes = await CallBytes.open({ db, journal });
  const forgetting = new CallForgetting({ db, journal, bytes, limitBytes: 1e9, nowMs });
  const inputs = async () =>
    (await db.selectFrom("call_input").select("call_id").execute()).map((row) => row.call_id);
  expect(await forgetting.forgetSome()).toBe(false);
  expect(await inputs()).toHaveLength(121);

  now += 8 * day;
  for (let before = 121; await forgetting.forgetSome(); before = (await inputs()).length)
    expect(before - (await inputs()).length).toBeLessThanOrEqual(50);
  expect(await inputs()).toEqual([open]);
  expect(await db.selectFrom("function_call").select("call_id").execute()).toHaveLength(121);

  now += 30 * day;
  while (await forgetting.forgetSome());
  expect(await db.selectFrom("function_call").select("call_id").execute()).toEqual([{ call_id: open }]);
});

test("when all calls together are larger than their limit, the oldest go whatever their age, but none of the last hour", async () => {
  let now = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  await using server = await fixture.openServer({ nowMs: () => now, callBytes: 3 * 64 * 1024 });
  const functionId = fixture.catalog.add();
  await using _worker = await new ScriptedWorker(server.dispatch, {
    script: { handle: ([n]) => `${String(n)}${"x".repeat(64 * 1024)}` },
  }).join();
  const calls: string[] = [];
  for (let n = 0; n < 5; n++) {
    const callId = await spawn(server.modal, functionId, n);
    await outputOf(server.modal, callId);
    calls.push(callId);
    now += 3_600_000;
  }
  await server.dispatch.forgetExpired(signal);
  const kept = await server.db.selectFrom("function_call").select("call_id").orderBy("created_at").execute();
  expect(kept.map((row) => row.call_id)).toEqual(calls.slice(3));
  await expect(outputOf(server.modal, calls[0] ?? "")).rejects.toMatchObject({
    code: "FUNCTION_CALL_NOT_FOUND",
  });
  expect((await outputOf(server.modal, calls[4] ?? "")).result?.status).toBe(1);
  expect(await remote(server.modal, functionId, 5)).toContain("5x");
});
