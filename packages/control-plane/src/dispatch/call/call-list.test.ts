import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, spawn } from "../../../test/scripted-caller.ts";
import { UserError, type Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();

/** Gives back what it was given; fails of "bad", and does not end of "long". */
const script: Script = {
  async handle([word]) {
    if (word === "bad") throw new UserError("bad word");
    if (word === "long") await new Promise(() => undefined);
    return word;
  },
};

test("calls are listed newest first, by function, state and time, while they are in memory and from disk", async () => {
  const echo = fixture.catalog.add({ functionName: "echo" });
  const other = fixture.catalog.add({ functionName: "other" });
  const ids: string[] = [];
  {
    await using server = await fixture.openServer();
    await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
    for (const word of ["one", "bad", "two"]) {
      ids.push(await spawn(server.modal, echo, word));
      await outputOf(server.modal, ids.at(-1) ?? "");
    }
    ids.push(await spawn(server.modal, other, "three"));
    await outputOf(server.modal, ids.at(-1) ?? "");
  }
  await using server = await fixture.openServer();
  const list = async (request: Parameters<typeof server.operator.callList>[0]) =>
    (await server.operator.callList(request)).calls.map(({ functionCallId }) => functionCallId);
  expect(new Set(await list({}))).toEqual(new Set(ids));
  expect(await list({ functionId: other })).toEqual([ids[3]]);
  expect(await list({ status: "failed" })).toEqual([ids[1]]);
  expect(await list({ environmentName: "elsewhere" })).toEqual([]);
  expect(await list({ since: 4_000_000_000 })).toEqual([]);
  const waiting = await spawn(server.modal, echo, "nobody is there");
  const { calls } = await server.operator.callList({ status: "waiting" });
  expect(calls).toMatchObject([
    { functionCallId: waiting, functionTag: "train", inputs: 1, unfinished: 1, startedAt: 0, finishedAt: 0 },
  ]);
});

test("a list comes in pages, each call once", async () => {
  const echo = fixture.catalog.add({ functionName: "echo" });
  await using server = await fixture.openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const made = await Promise.all(Array.from({ length: 130 }, (_, n) => spawn(server.modal, echo, n)));
  await Promise.all(made.map((id) => outputOf(server.modal, id)));
  const listed: string[] = [];
  for (let cursor = ""; ;) {
    const page = await server.operator.callList({ limit: 60, cursor });
    listed.push(...page.calls.map(({ functionCallId }) => functionCallId));
    cursor = page.cursor;
    if (cursor === "") break;
  }
  expect(listed.toSorted()).toEqual(made.toSorted());
  await expect(server.operator.callList({ cursor: "here" })).rejects.toMatchObject({
    code: "CALL_LIST_CURSOR_INVALID",
  });
});

test("a call is shown with its inputs, its error, its container and the call that made it", async () => {
  const echo = fixture.catalog.add({ functionName: "echo" });
  await using server = await fixture.openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const bad = await spawn(server.modal, echo, "bad");
  await outputOf(server.modal, bad);
  const shown = await server.operator.callShow({ functionCallId: bad });
  expect(shown.call).toMatchObject({ functionCallId: bad, status: "failed", functionTag: "train" });
  const [input] = shown.inputs;
  expect(input).toMatchObject({
    status: "failed",
    deliveries: 1,
    error: expect.stringContaining("bad word"),
  });
  expect(input?.taskId).toMatch(/^ta-/);
  expect(input?.taskReadyAt).toBeGreaterThanOrEqual(input?.taskPlacedAt ?? Infinity);
  const long = await spawn(server.modal, echo, "long");
  await eventually(() => server.dispatch.tasks.live.some((task) => task.load > 0), "running");
  const running = await server.operator.callShow({ functionCallId: long });
  expect(running).toMatchObject({
    call: { status: "running" },
    inputs: [{ status: "running" }],
    parents: [],
  });
});
