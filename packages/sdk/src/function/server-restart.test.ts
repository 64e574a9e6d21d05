import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  GeneratorDoneSchema,
} from "@dorian/protocol/modal";
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeValue } from "@dorian/protocol/value/payload";
import { expect, onTestFinished, test } from "vitest";
import { outputs, ScriptedServer, success } from "@dorian/testkit/scripted-server";
import { callable, type CallableTarget } from "./callable.ts";

const target = (isGenerator = false): CallableTarget => ({
  resolve: async () => ({ functionId: "fu-1", methodName: "" }),
  name: "f",
  isGenerator: () => isGenerator,
});
type Unary = (x: number) => Promise<number>;
type Items = () => AsyncGenerator<number>;

test("a call whose answer the server owes survives a restart of the server", async () => {
  const keys: string[] = [];
  let polls = 0;
  const server = await ScriptedServer.open({
    functionMap: async (_request, context) => {
      keys.push(context.idempotencyKey);
      return { functionCallId: "fc-1" };
    },
    functionGetOutputs: async (_request, context) => {
      polls += 1;
      if (polls > 1) return outputs(success(42));
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      return {};
    },
  });
  const result = callable<Unary>(target()).remote(1);
  await expect.poll(() => polls).toBe(1);
  await server.stop();
  await server.start();
  expect(await result).toBe(42);
  expect(keys).toHaveLength(1);
});

test("a call that the server may have taken before it went is repeated under the same key", async () => {
  const keys: string[] = [];
  const server = await ScriptedServer.open({
    functionMap: async (_request, context) => {
      keys.push(context.idempotencyKey);
      if (keys.length === 1)
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      return { functionCallId: "fc-1" };
    },
    functionGetOutputs: async () => outputs(success("done")),
  });
  const result = callable<Unary>(target()).remote(1);
  await expect.poll(() => keys.length).toBe(1);
  await server.stop();
  await server.start();
  expect(await result).toBe("done");
  expect(keys).toEqual([keys[0], keys[0]]);
});

test("a generator goes on where it was when the server comes back", async () => {
  const asked: bigint[] = [];
  const chunk = (index: bigint) => ({
    index,
    dataFormat: DataFormat.CBOR,
    dataOneof: { case: "data" as const, value: encodeValue(Number(index), "an item") },
  });
  const server = await ScriptedServer.open({
    functionMap: async () => ({ functionCallId: "fc-1" }),
    async *functionCallGetDataOut(request, context) {
      asked.push(request.lastIndex);
      for (let index = request.lastIndex + 1n; index <= request.lastIndex + 2n; index++) yield chunk(index);
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    },
    functionGetOutputs: async (_request, context) => {
      if (asked.length < 2) await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      const value = toBinary(GeneratorDoneSchema, create(GeneratorDoneSchema, { itemsTotal: 4n }));
      const done = {
        dataFormat: DataFormat.GENERATOR_DONE,
        result: { status: Status.SUCCESS, dataOneof: { case: "data" as const, value } },
      };
      return outputs(done);
    },
  });
  const items: number[] = [];
  for await (const item of callable<Items>(target(true)).remote()) {
    items.push(item);
    if (item !== 2) continue;
    await server.stop();
    await server.start();
  }
  expect(items).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([0n, 2n]);
});

test("a thousand calls in flight ride out a restart, and nobody hears a word of it [L19]", async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error) => void warnings.push(message);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  let calls = 0;
  let isBack = false;
  const server = await ScriptedServer.open({
    functionMap: async () => ({ functionCallId: `fc-${++calls}` }),
    functionGetOutputs: async (_request, context) => {
      if (isBack) return outputs(success("done"));
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      return {};
    },
  });
  const results = Promise.all(
    Array.from({ length: 1_000 }, (_, index) => callable<Unary>(target()).remote(index)),
  );
  await expect.poll(() => calls).toBe(1_000);
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  isBack = true;
  await server.start();
  expect(new Set(await results)).toEqual(new Set(["done"]));
  expect(warnings).toEqual([]);
});
