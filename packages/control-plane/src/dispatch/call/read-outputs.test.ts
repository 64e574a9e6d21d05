import { FunctionCallType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture, double, pause } from "../../../test/dispatch-fixture.ts";
import { pipelined } from "../../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** A map without inputs yet, of a function of its own. */
async function openMap(
  { modal }: Pick<Awaited<ReturnType<typeof openServer>>, "modal">,
  definition: Parameters<typeof fixture.catalog.add>[0] = {},
): Promise<{ functionId: string; functionCallId: string }> {
  const functionId = fixture.catalog.add(definition);
  const { functionCallId } = await modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  return { functionId, functionCallId };
}

test("a reader that has all outputs of a map is kept waiting for more, but not one of 2024, which looks again", async () => {
  await using server = await openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const { functionId, functionCallId } = await openMap(server);
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs: [pipelined(0, [1])] });
  const { lastEntryId } = await server.modal.functionGetOutputs({
    functionCallId,
    timeout: 5,
    lastEntryId: "0-0",
  });
  const more = { functionCallId, timeout: 20, lastEntryId };
  let answered = false;
  const held = server.modal.functionGetOutputs(more, { clientVersion: "1.6.4" });
  void held.then(() => (answered = true));
  const soon = await server.modal.functionGetOutputs(more, { clientVersion: "0.64.57" });
  expect(soon).toMatchObject({ outputs: [], lastEntryId, numUnfinishedInputs: 0 });
  await pause(50);
  expect(answered).toBe(false);
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs: [pipelined(1, [2])] });
  expect((await held).outputs.map((output) => output.idx)).toEqual([1]);
});

test("outputs of a long map come many at a time, those of a short one at once", async () => {
  await using server = await openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const { functionId, functionCallId } = await openMap(server, { autoscalerSettings: { maxContainers: 1 } });
  const inputs = Array.from({ length: 500 }, (_, idx) => pipelined(idx, [idx]));
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
  const startedAt = performance.now();
  let [pages, seen, lastEntryId] = [0, 0, "0-0"];
  while (seen < 500) {
    const page = await server.modal.functionGetOutputs({ functionCallId, timeout: 10, lastEntryId });
    seen += page.outputs.length;
    pages++;
    ({ lastEntryId } = page);
  }
  // A page waits up to 50 ms for a hundred outputs, and for fewer when there are no more than 50 to come.
  const waits = (performance.now() - startedAt) / 50;
  expect(pages).toBeLessThan(waits + 500 / 100 + 50);
});

test("pages of a range leave nothing out, in whichever order its outputs came", async () => {
  await using server = await openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const { functionId, functionCallId } = await openMap(server);
  const range = { functionCallId, timeout: 20, startIdx: 0, endIdx: 2 };
  for (const idx of [2, 1, 0]) {
    await server.modal.functionPutInputs({ functionId, functionCallId, inputs: [pipelined(idx, [idx])] });
    await server.modal.functionGetOutputs({ ...range, startIdx: idx, endIdx: idx, lastEntryId: "0-0" });
  }
  const seen: number[] = [];
  let lastEntryId = "0-0";
  while (seen.length < 3) {
    const request = { ...range, maxValues: 2, timeout: 1, lastEntryId };
    const page = await server.modal.functionGetOutputs(request);
    if (page.outputs.length === 0) break;
    seen.push(...page.outputs.map(({ idx }) => idx));
    ({ lastEntryId } = page);
  }
  expect(seen.toSorted()).toEqual([0, 1, 2]);
});
