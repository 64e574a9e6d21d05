import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  FunctionCallInvocationType,
  FunctionCallType,
  FunctionGetOutputsRequestSchema,
  GenericResult_GenericStatus as Status,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { expect, test } from "vitest";
import { dispatchFixture, double } from "../../../test/dispatch-fixture.ts";
import { eventually, outputOf, pipelined, remote, spawn } from "../../../test/scripted-caller.ts";
import { UserError, type Script } from "../../../test/scripted-container.ts";
import { mergedParts } from "../../../test/merged-parts.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** What a program in TypeScript is told. */
async function inTypeScript(
  { dispatch }: Awaited<ReturnType<typeof openServer>>,
  request: MessageInitShape<typeof FunctionGetOutputsRequestSchema>,
) {
  const handlers = mergedParts(dispatch.modal) as Pick<
    ServiceHandlers<typeof ModalClient>,
    "functionGetOutputs"
  >;
  return await handlers.functionGetOutputs?.(create(FunctionGetOutputsRequestSchema, request), {
    identity: { kind: "client", tokenId: "ak-1" },
    language: "typescript",
    signal: new AbortController().signal,
    idempotencyKey: "",
  });
}

test("the graph of a call shows who called whom, from wherever it is asked for", async () => {
  await using server = await openServer();
  const leaf = fixture.catalog.add({ functionName: "leaf", moduleName: "app" });
  const script: Script = {
    async handle([n], item, container) {
      if (n === "leaf") throw new UserError("no");
      const { functionCallId } = await container.modal.functionMap({
        functionId: leaf,
        functionCallType: FunctionCallType.UNARY,
        functionCallInvocationType: FunctionCallInvocationType.SYNC,
        parentInputId: item.inputId,
        pipelinedInputs: [pipelined(0, ["leaf"])],
      });
      await outputOf(container.modal, functionCallId);
      return functionCallId;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const root = fixture.catalog.add({ functionName: "root", moduleName: "app" });
  const rootCall = await spawn(server.modal, root, 1);
  const { inputId } = await outputOf(server.modal, rootCall);
  const fromRoot = await server.modal.functionGetCallGraph({ functionCallId: rootCall });
  const leafCall = fromRoot.functionCalls[1]?.functionCallId ?? "";
  expect(fromRoot.functionCalls).toMatchObject([
    { functionCallId: rootCall, parentInputId: "", functionName: "root", moduleName: "app" },
    { parentInputId: inputId, functionName: "leaf", moduleName: "app" },
  ]);
  await eventually(() => leafCall !== "", "known");
  expect(await server.modal.functionGetCallGraph({ functionCallId: leafCall })).toMatchObject({
    inputs: [
      { inputId, functionCallId: rootCall },
      { functionCallId: leafCall, status: Status.FAILURE },
    ],
    truncated: false,
  });
});

test("the graph of a call that a web request has made begins with the request, while it runs and afterwards [A18]", async () => {
  await using server = await openServer();
  const leaf = fixture.catalog.add({ functionName: "leaf" });
  const made = Promise.withResolvers<string>();
  const gate = Promise.withResolvers<void>();
  const script: Script = {
    async handle([n], item, container) {
      if (n === "leaf") return n;
      const { functionCallId } = await container.modal.functionMap({
        functionId: leaf,
        functionCallType: FunctionCallType.UNARY,
        functionCallInvocationType: FunctionCallInvocationType.ASYNC,
        parentInputId: item.inputId,
        pipelinedInputs: [pipelined(0, ["leaf"])],
      });
      made.resolve(functionCallId);
      await gate.promise;
      return functionCallId;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const web = server.dispatch.web.calls({
    functionId: fixture.catalog.add({ functionName: "web" }),
    input: {},
  });
  const leafCall = await made.promise;
  const graphOf = (functionCallId: string) => server.modal.functionGetCallGraph({ functionCallId });
  const shape = (status: Status) => ({
    functionCalls: [
      { functionCallId: web.callId, parentInputId: "", functionName: "web" },
      { functionCallId: leafCall, parentInputId: web.inputId, functionName: "leaf" },
    ],
    inputs: [{ inputId: web.inputId, functionCallId: web.callId, status }, { functionCallId: leafCall }],
  });
  for (const callId of [leafCall, web.callId]) expect(await graphOf(callId)).toMatchObject(shape(0));
  gate.resolve();
  await web.result;
  await expect.poll(async () => (await graphOf(leafCall)).inputs.length).toBe(2);
  expect(await graphOf(leafCall)).toMatchObject(shape(Status.SUCCESS));
});

test("a call whose caller is known no more is the first of its graph [A18]", async () => {
  await using server = await openServer();
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const { functionCallId } = await server.modal.functionMap({
    functionId: fixture.catalog.add({ functionName: "orphan" }),
    functionCallType: FunctionCallType.UNARY,
    parentInputId: "in-0123456789012345678901",
    pipelinedInputs: [pipelined(0, [4])],
  });
  await outputOf(server.modal, functionCallId);
  const graph = await server.modal.functionGetCallGraph({ functionCallId });
  expect(graph.functionCalls).toMatchObject([{ functionCallId, parentInputId: "", functionName: "orphan" }]);
  expect(graph.inputs).toMatchObject([{ status: Status.SUCCESS }]);
});

test("a call's inputs are counted by how they ended", async () => {
  await using server = await openServer();
  const script: Script = {
    handle([n]) {
      if (n === 2) throw new UserError("no");
      return n === 3 ? new Promise(() => undefined) : n;
    },
  };
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const functionId = fixture.catalog.add();
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
    functionCallInvocationType: FunctionCallInvocationType.ASYNC,
  });
  const inputs = [0, 1, 2, 3].map((idx) => pipelined(idx, [idx]));
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
  await server.modal.functionFinishInputs({ functionId, functionCallId, numInputs: 4 });
  let seen = 0;
  let lastEntryId = "0-0";
  while (seen < 3) {
    const page = await server.modal.functionGetOutputs({ functionCallId, timeout: 5, lastEntryId });
    seen += page.outputs.length;
    ({ lastEntryId } = page);
  }
  const { info } = await server.modal.functionCallGetInfo({ functionId, functionCallId });
  expect(info).toMatchObject({
    totalInputs: 4,
    succeededInputs: { total: 2 },
    failedInputs: { total: 1, latest: [{ idx: 2 }] },
    pendingInputs: { total: 1, latest: [{ idx: 3 }] },
    timeoutInputs: { total: 0 },
    cancelledInputs: { total: 0 },
  });
  await server.modal.functionCallCancel({ functionCallId });
  const after = await server.modal.functionCallGetInfo({ functionId, functionCallId });
  expect(after.info).toMatchObject({ pendingInputs: { total: 0 }, cancelledInputs: { total: 1 } });
});

test("outputs are read by several readers, by place and range, until they expire; then readers are told so", async () => {
  let now = Date.now();
  await using server = await openServer({ nowMs: () => now });
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  const functionId = fixture.catalog.add();
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  const inputs = Array.from({ length: 10 }, (_, idx) => pipelined(idx, [idx]));
  await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
  const read = async (startIdx: number, endIdx: number) => {
    const request = { functionCallId, timeout: 5, lastEntryId: "0-0", startIdx, endIdx };
    return (await server.modal.functionGetOutputs(request)).outputs.map((output) => output.idx);
  };
  await eventually(() => true, "asked");
  for (let idx = 0; idx < 10; idx++) expect(await read(idx, idx)).toEqual([idx]);
  expect(await read(3, 6)).toEqual([3, 4, 5, 6]);
  const farewell = { functionCallId, timeout: 0, lastEntryId: "0-0", clearOnSuccess: true };
  expect((await server.modal.functionGetOutputs(farewell)).outputs).toEqual([]);
  expect(await read(3, 6)).toEqual([3, 4, 5, 6]);

  // Outputs are read before the disk has them.
  await server.dispatch.saveOutputs();
  now += 8 * 24 * 3600_000;
  await server.dispatch.forgetExpired(new AbortController().signal);
  const asked = { functionCallId, timeout: 0.05, lastEntryId: "0-0", startIdx: 0, endIdx: 0 };
  expect(await server.modal.functionGetOutputs(asked)).toMatchObject({ outputs: [], numUnfinishedInputs: 0 });
  const gone = { code: "OUTPUT_EXPIRED", status: "NOT_FOUND" };
  await expect(server.modal.functionGetOutputs({ ...asked, timeout: 55 })).rejects.toMatchObject(gone);
  await expect(inTypeScript(server, asked)).rejects.toMatchObject(gone);
  now += 30 * 24 * 3600_000;
  await server.dispatch.forgetExpired(new AbortController().signal);
  await expect(server.modal.functionGetOutputs(asked)).rejects.toMatchObject({
    code: "FUNCTION_CALL_NOT_FOUND",
  });
});

test("a program in TypeScript that asks for the outputs of a map of nothing is not kept waiting", async () => {
  await using server = await openServer();
  const functionId = fixture.catalog.add();
  const { functionCallId } = await server.modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.MAP,
  });
  const asked = { functionCallId, timeout: 55, lastEntryId: "0-0", startIdx: 0, endIdx: 0 };
  expect(await inTypeScript(server, asked)).toMatchObject({ outputs: [], numUnfinishedInputs: 0 });
});

test("a client that wants to retry inputs itself is told who does", async () => {
  await using server = await openServer();
  const { syncClientRetriesEnabled } = await server.modal.functionMap({ functionId: fixture.catalog.add() });
  expect(syncClientRetriesEnabled).toBe(false);
  await expect(server.modal.functionRetryInputs({})).rejects.toMatchObject({ code: "CLIENT_RETRIES_OFF" });
});

test("a pending call is not complete: a reader who waits a moment learns how much is unfinished", async () => {
  await using server = await openServer();
  const functionId = fixture.catalog.add();
  const functionCallId = await spawn(server.modal, functionId, 1);
  const request = { functionCallId, timeout: 0, lastEntryId: "0-0", startIdx: 0, endIdx: 0 };
  expect(await server.modal.functionGetOutputs(request)).toMatchObject({
    outputs: [],
    numUnfinishedInputs: 1,
  });
  await using _worker = await new ScriptedWorker(server.dispatch, { script: double }).join();
  expect(await remote(server.modal, functionId, 2)).toBe(4);
});
