import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import {
  DataFormat,
  FunctionCallInvocationType as Invocation,
  FunctionCallType,
  GenericResult_GenericStatus as Status,
  type FunctionGetOutputsRequest,
  type FunctionMapRequest,
} from "@dorian/protocol/modal";
import { decodeArguments, encodeValue } from "@dorian/protocol/value/payload";
import { expect, test } from "vitest";
import {
  foundFunction,
  outputs,
  ScriptedServer,
  success,
  type OutputItem,
  type Script,
} from "@dorian/testkit/scripted-server";
import { App } from "../app/app.ts";
import { runWithInput } from "../container/current-input.ts";
import { FunctionCall } from "./function-call.ts";
import { FunctionTimeoutError, RemoteError } from "./remote-error.ts";
import { RemoteFunction } from "./remote-function.ts";

const callId = newId("fc");

/** A server with one function, whose calls end as `outcome` says. */
function scriptOf(outcome: OutputItem, seen: FunctionMapRequest[] = []): Script {
  return {
    functionGet: foundFunction,
    async functionMap(request) {
      seen.push(request);
      return { functionCallId: callId };
    },
    functionGetOutputs: async () => outputs(outcome),
  };
}

/** What keeps everybody who asks for outputs, `waiting` from the first on, and notes which calls are cancelled. */
function withoutOutputs() {
  const asked = Promise.withResolvers<void>();
  const cancelled: string[] = [];
  const script: Script = {
    async functionGetOutputs(_, { signal }) {
      asked.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {};
    },
    async functionCallCancel(request) {
      cancelled.push(request.functionCallId);
      return {};
    },
  };
  return { script, waiting: asked.promise, cancelled };
}

function square() {
  return RemoteFunction.fromName<(x: number) => Promise<number>>("quickstart", "square");
}

test("remote() sends the arguments with the call and gives back the value", async () => {
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open(scriptOf(success(9), seen));
  expect(await square().remote(3)).toBe(9);
  expect(seen).toMatchObject([
    {
      functionId: "fu-1",
      functionCallType: FunctionCallType.UNARY,
      functionCallInvocationType: Invocation.SYNC,
    },
  ]);
  const { argsOneof } = seen[0]?.pipelinedInputs[0]?.input ?? {};
  expect(decodeArguments(argsOneof?.case === "args" ? argsOneof.value : new Uint8Array())).toEqual([3]);
});

test("a function that is looked up by name is looked up once, and again after it was not found", async () => {
  let looked = 0;
  const script = scriptOf(success(1));
  const { functionGet } = script;
  await ScriptedServer.open({
    ...script,
    async functionGet(request, context) {
      looked += 1;
      expect(request).toMatchObject({ appName: "quickstart", objectTag: "square" });
      if (looked === 1)
        throw new AppError("FUNCTION_NOT_FOUND", "There is none.", {
          status: "NOT_FOUND",
          remedy: "Deploy it.",
        });
      return await (functionGet?.(request, context) ?? {});
    },
  });
  const found = square();
  await expect(found.remote(1)).rejects.toMatchObject({ code: "FUNCTION_NOT_FOUND", remedy: "Deploy it." });
  expect(await Promise.all([found.remote(1), found.remote(2)])).toEqual([1, 1]);
  expect(await found.remote(3)).toBe(1);
  expect(looked).toBe(2);
});

test("a call is made once, however often its promise is awaited", async () => {
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open(scriptOf(success(9), seen));
  const result = square().remote(3);
  expect([await result, await result]).toEqual([9, 9]);
  expect(seen).toHaveLength(1);
});

test("a call inside an input says which input it belongs to", async () => {
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open(scriptOf(success(9), seen));
  const input = { inputId: "in-1", functionCallId: callId, signal: new AbortController().signal };
  await runWithInput(input as never, () => square().remote(3));
  await square().remote(3);
  expect(seen.map(({ parentInputId }) => parentInputId)).toEqual(["in-1", ""]);
});

test("an error of user code is thrown with its name, its properties, its cause and its remote stack", async () => {
  await ScriptedServer.open(
    scriptOf({
      result: {
        status: Status.FAILURE,
        exception: "RangeError: too far",
        remoteError: {
          name: "RangeError",
          message: "too far",
          stack: "RangeError: too far\n    at square (app.ts:3:9)",
          properties: encodeValue({ limit: 5 }, "properties"),
          cause: { name: "Error", message: "the reason", stack: "", properties: new Uint8Array() },
        },
      },
    }),
  );
  const error: unknown = await square()
    .remote(3)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({
    name: "RangeError",
    message: "too far",
    limit: 5,
    cause: { message: "the reason" },
  });
  expect((error as Error).stack).toContain("square (app.ts:3:9)");
});

test.for<[string, Status, unknown]>([
  ["a time limit", Status.TIMEOUT, { name: "FunctionTimeoutError", message: "because" }],
  ["a cancellation", Status.TERMINATED, { code: "CALL_CANCELLED", message: "because" }],
  ["a lost container", Status.INTERNAL_FAILURE, { code: "CALL_FAILED", message: "because" }],
])("%s has an error of its own", async ([, status, expected]) => {
  await ScriptedServer.open(scriptOf({ result: { status, exception: "because" } }));
  const failed = square().remote(3);
  await expect(failed).rejects.toMatchObject(expected as object);
  if (status === Status.TIMEOUT) await expect(failed).rejects.toBeInstanceOf(FunctionTimeoutError);
});

test("a result that only Python can read is an error", async () => {
  const value = Buffer.from("\u0080\u0004\u008c\u0008datetime\u008c\u0004date\u0093.", "latin1");
  const result = { status: Status.SUCCESS, dataOneof: { case: "data", value } } as const;
  await ScriptedServer.open(scriptOf({ result, dataFormat: DataFormat.PICKLE }));
  await expect(square().remote(3)).rejects.toMatchObject({
    code: "PICKLE_NOT_PLAIN",
    message: expect.stringContaining("datetime.date") as unknown,
  });
});

test("remote() rides out a restart of the server while it waits, and calls once", async () => {
  const keys = new Set<string>();
  const waiting = Promise.withResolvers<void>();
  let up = true;
  const script = scriptOf(success(9));
  const server = await ScriptedServer.open({
    ...script,
    async functionMap(_, { idempotencyKey }) {
      keys.add(idempotencyKey);
      return { functionCallId: callId };
    },
    async functionGetOutputs(request, context) {
      if (!up) return (await script.functionGetOutputs?.(request, context)) ?? {};
      waiting.resolve();
      return await new Promise<never>(() => undefined);
    },
  });
  const result = square().remote(3);
  await waiting.promise;
  await server.stop();
  up = false;
  await new Promise((resolve) => setTimeout(resolve, 300));
  await server.start();
  expect(await result).toBe(9);
  expect(keys.size).toBe(1);
});

test("a call that reaches the server twice carries one idempotency key", async () => {
  const keys: string[] = [];
  const arrived = Promise.withResolvers<void>();
  let lost = true;
  const server = await ScriptedServer.open({
    ...scriptOf(success(9)),
    async functionMap(_, { idempotencyKey }) {
      keys.push(idempotencyKey);
      arrived.resolve();
      return lost ? await new Promise<never>(() => undefined) : { functionCallId: callId };
    },
  });
  const result = square().remote(3);
  await arrived.promise;
  await server.stop();
  lost = false;
  await server.start();
  expect(await result).toBe(9);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

test("spawn() returns at once, and get() can be asked again and again", async () => {
  const asked: FunctionGetOutputsRequest[] = [];
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open({
    ...scriptOf(success(9), seen),
    async functionGetOutputs(request) {
      asked.push(request);
      return outputs(success(9));
    },
  });
  const call = await square().spawn(3);
  expect(seen[0]?.functionCallInvocationType).toBe(Invocation.ASYNC);
  expect(call.functionCallId).toBe(callId);
  expect(await call.get()).toBe(9);
  expect(await FunctionCall.fromId(callId).get({ timeoutMs: 0 })).toBe(9);
  expect(asked.map(({ clearOnSuccess }) => clearOnSuccess)).toEqual([false, false]);
});

test("get() says that a call has not finished, that its result is gone, or that an id is none", async () => {
  let numUnfinishedInputs = 1;
  await ScriptedServer.open({
    functionGetOutputs: async () => ({ outputs: [], numUnfinishedInputs }),
    functionCallFromId: async () => ({ numInputs: 1 }),
  });
  const call = FunctionCall.fromId(callId);
  await expect(call.get({ timeoutMs: 20 })).rejects.toMatchObject({
    code: "CALL_NOT_FINISHED",
    status: "DEADLINE_EXCEEDED",
  });
  numUnfinishedInputs = 0;
  await expect(call.get()).rejects.toMatchObject({ code: "OUTPUT_EXPIRED" });
  expect(() => FunctionCall.fromId("fu-1")).toThrow(expect.objectContaining({ code: "CALL_ID_INVALID" }));
});

test("of a map of nothing there is no result, and none of a call that the server has forgotten", async () => {
  let isGone = false;
  await ScriptedServer.open({
    functionCallFromId: async () => ({ numInputs: 0 }),
    functionGetOutputs: async () => {
      if (!isGone) return { outputs: [], numUnfinishedInputs: 0 };
      throw new AppError("OUTPUT_EXPIRED", "It is gone.", { status: "NOT_FOUND", remedy: "Call again." });
    },
  });
  const call = FunctionCall.fromId(callId);
  const results = async () => {
    for await (const result of call.results()) expect(result).toBeUndefined();
  };
  const none = { code: "INPUT_NOT_IN_CALL", remedy: "It has none." };
  for (const index of [0, 3]) await expect(call.get({ index })).rejects.toMatchObject(none);
  await results();
  isGone = true;
  for (const index of [0, 3])
    await expect(call.get({ index })).rejects.toMatchObject({ code: "OUTPUT_EXPIRED" });
  await expect(results()).rejects.toMatchObject({ code: "OUTPUT_EXPIRED" });
});

test("get() ends when its signal aborts, and the call goes on", async () => {
  const { script, waiting, cancelled } = withoutOutputs();
  await ScriptedServer.open(script);
  const stop = new AbortController();
  const result = FunctionCall.fromId(callId).get({ signal: stop.signal });
  await waiting;
  stop.abort(new Error("enough"));
  await expect(result).rejects.toThrow("enough");
  expect(cancelled).toEqual([]);
  await FunctionCall.fromId(callId).cancel();
  expect(cancelled).toEqual([callId]);
});

test("a call under a signal is cancelled when that aborts, and not made when it has aborted before", async () => {
  const { script, waiting, cancelled } = withoutOutputs();
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open({ ...scriptOf(success(9), seen), ...script });
  const stop = new AbortController();
  const squaring = square().withSignal(stop.signal);
  const result = squaring.remote(3);
  await waiting;
  stop.abort(new Error("enough"));
  await expect(result).rejects.toThrow("enough");
  expect(cancelled).toEqual([callId]);
  await expect(squaring.remote(4)).rejects.toThrow("enough");
  await expect(squaring.spawn(4)).rejects.toThrow("enough");
  expect(seen).toHaveLength(1);
});

test("functions of an app that runs are called by the ids that the server gave", async () => {
  const seen: FunctionMapRequest[] = [];
  await ScriptedServer.open(scriptOf(success("done"), seen));
  const app = new App("hydrated");
  const train = app.function({ name: "train" }, async (model: string) => model);
  app.hydrate(new Map([["train", { functionId: "fu-7" }]]));
  expect(await train.remote("iris")).toBe("done");
  expect(seen[0]?.functionId).toBe("fu-7");
});
