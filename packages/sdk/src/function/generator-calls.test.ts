import { create, toBinary } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import {
  DataFormat,
  Function_FunctionType as FunctionType,
  GeneratorDoneSchema,
  GenericResult_GenericStatus as Status,
} from "@dorian/protocol/modal";
import { encodeValue } from "@dorian/protocol/value/payload";
import { expect, test } from "vitest";
import { outputs, ScriptedServer, type OutputItem, type Script } from "@dorian/testkit/scripted-server";
import { RemoteFunction } from "./remote-function.ts";

const callId = newId("fc");

function chunk(index: number) {
  const value = encodeValue(index * 10, "an item");
  return { index: BigInt(index), dataFormat: DataFormat.CBOR, dataOneof: { case: "data" as const, value } };
}

function done(total: number): OutputItem {
  const value = toBinary(GeneratorDoneSchema, create(GeneratorDoneSchema, { itemsTotal: BigInt(total) }));
  return {
    dataFormat: DataFormat.GENERATOR_DONE,
    result: { status: Status.SUCCESS, dataOneof: { case: "data", value } },
  };
}

const generator = {
  functionGet: async () => ({ functionId: "fu-1", handleMetadata: { functionType: FunctionType.GENERATOR } }),
  functionMap: async () => ({ functionCallId: callId }),
} satisfies Script;

const never = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

function count() {
  return RemoteFunction.fromName<(n: number) => AsyncGenerator<number>>("quickstart", "count");
}

test("items arrive as they are yielded, before the generator has ended", async () => {
  const goOn = Promise.withResolvers<void>();
  await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut(_, { signal }) {
      yield chunk(1);
      await goOn.promise;
      yield chunk(2);
      await never(signal);
    },
    async functionGetOutputs() {
      await goOn.promise;
      return outputs(done(2));
    },
  });
  const seen: number[] = [];
  for await (const item of count().remote(2)) {
    seen.push(item);
    goOn.resolve();
  }
  expect(seen).toEqual([10, 20]);
});

test("a stream that breaks off is opened again where it ended, and nothing comes twice", async () => {
  const asked: bigint[] = [];
  await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut({ lastIndex }) {
      asked.push(lastIndex);
      // The last item once more, as after an answer that was lost.
      if (lastIndex > 0n) yield chunk(Number(lastIndex));
      if (lastIndex < 3n) yield chunk(Number(lastIndex) + 1);
    },
    functionGetOutputs: async () => outputs(done(3)),
  });
  expect(await Array.fromAsync(count().remote(3))).toEqual([10, 20, 30]);
  expect(asked.slice(0, 3)).toEqual([0n, 1n, 2n]);
});

test("a generator rides out a restart of the server", async () => {
  const first = Promise.withResolvers<void>();
  let restarted = false;
  const server = await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut({ lastIndex }, { signal }) {
      if (!restarted) {
        yield chunk(1);
        first.resolve();
      } else for (let index = Number(lastIndex) + 1; index <= 3; index++) yield chunk(index);
      await never(signal);
    },
    async functionGetOutputs(_, { signal }) {
      if (!restarted) await never(signal);
      return outputs(done(3));
    },
  });
  const items = Array.fromAsync(count().remote(3));
  await first.promise;
  await server.stop();
  restarted = true;
  await server.start();
  expect(await items).toEqual([10, 20, 30]);
});

test("what a generator yielded before it failed comes before its error", async () => {
  await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut(_, { signal }) {
      yield chunk(1);
      yield chunk(2);
      await never(signal);
    },
    functionGetOutputs: async () =>
      outputs({ result: { status: Status.FAILURE, exception: "no more", traceback: "at count" } }),
  });
  const seen: number[] = [];
  const read = async () => {
    for await (const item of count().remote(3)) seen.push(item);
  };
  await expect(read()).rejects.toThrow("no more");
  expect(seen).toEqual([10, 20]);
});

test("a value that is lacking ends the loop with an error: the next one does not take its place [L9]", async () => {
  await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut(_, { signal }) {
      yield chunk(1);
      yield chunk(3);
      await never(signal);
    },
    async functionGetOutputs(_, { signal }) {
      await never(signal);
      return {};
    },
    functionCallCancel: async () => ({}),
  });
  const seen: number[] = [];
  const read = async () => {
    for await (const item of count().remote(3)) seen.push(item);
  };
  await expect(read()).rejects.toMatchObject({ code: "GENERATOR_VALUE_MISSING", status: "DATA_LOSS" });
  expect(seen).toEqual([10]);
});

test("leaving the loop cancels the call", async () => {
  const cancelled: string[] = [];
  await ScriptedServer.open({
    ...generator,
    async *functionCallGetDataOut(_, { signal }) {
      yield chunk(1);
      await never(signal);
    },
    async functionGetOutputs(_, { signal }) {
      await never(signal);
      return {};
    },
    async functionCallCancel({ functionCallId }) {
      cancelled.push(functionCallId);
      return {};
    },
  });
  for await (const item of count().remote(3)) {
    expect(item).toBe(10);
    break;
  }
  expect(cancelled).toEqual([callId]);
});

test("a generator cannot be spawned or mapped over, and a plain function cannot be iterated", async () => {
  await ScriptedServer.open({ ...generator, functionGetOutputs: async () => outputs(done(0)) });
  const refused = { status: "INVALID_ARGUMENT", remedy: expect.stringContaining("for await") as unknown };
  await expect(count().spawn(1)).rejects.toMatchObject(refused);
  await expect(Array.fromAsync(count().map([1]))).rejects.toMatchObject(refused);
});
