import { setImmediate as nextTurn } from "node:timers/promises";
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { ContainerTurnSchema, type ContainerTurn, type ServerTurnSchema } from "@dorian/protocol/guest";
import {
  FunctionGetInputsItemSchema,
  FunctionPutOutputsItemSchema,
  type FunctionGetInputsItem,
} from "@dorian/protocol/modal";
import { afterEach, expect, test, vi } from "vitest";
import type { Task } from "./task.ts";
import { exchangeHandlers } from "./input-exchange.ts";

afterEach(() => vi.useRealTimers());

const request = {};

/** One stream of a container; `give` answers its oldest question. */
function exchange({ refuses = false, kept = async () => {} } = {}) {
  const says = new AsyncQueue<ContainerTurn>();
  const waiting: { key: string; signal: AbortSignal; give: (inputIds: string[], bytes?: number) => void }[] =
    [];
  const outputs: string[] = [];
  const call = new AbortController();
  const callersLeft = new Set<(inputId: string) => void>();
  const { exchangeInputs } = exchangeHandlers(
    {
      functionGetInputs: (_request, { idempotencyKey: key, signal }) =>
        new Promise((resolve) => {
          const give = (ids: string[], bytes = 0) => {
            const input = { argsOneof: { case: "args" as const, value: new Uint8Array(bytes) } };
            resolve({ inputs: ids.map((inputId) => ({ inputId, input })) });
          };
          waiting.push({ key, signal, give });
          signal.addEventListener("abort", () => resolve({}));
        }),
      async functionPutOutputs(put) {
        if (refuses) throw new AppError("DISK_FULL", "No room.", { remedy: "Make room." });
        await kept();
        outputs.push(...put.outputs.map(({ inputId }) => inputId));
        return {};
      },
    },
    { get: () => ({ callersLeft }) as unknown as Task },
  );
  const turns = exchangeInputs(says, {
    identity: { kind: "task", taskId: "ta-1" },
    signal: call.signal,
    idempotencyKey: "",
  })[Symbol.asyncIterator]() as AsyncIterator<MessageInitShape<typeof ServerTurnSchema>, undefined>;
  // Nothing is taken before somebody reads.
  let first: ReturnType<typeof turns.next> | undefined = turns.next();
  const next = () => {
    const told = first ?? turns.next();
    first = undefined;
    return told;
  };
  const say = (turn: MessageInitShape<typeof ContainerTurnSchema>) =>
    says.push(create(ContainerTurnSchema, turn));
  return { say, says, waiting, outputs, turns: { next }, callersLeft, hangUp: () => call.abort() };
}

const output = (number: number, inputId: string) => ({
  number,
  item: toBinary(FunctionPutOutputsItemSchema, create(FunctionPutOutputsItemSchema, { inputId })),
});

const itemOf = (bytes: Uint8Array): FunctionGetInputsItem => fromBinary(FunctionGetInputsItemSchema, bytes);

test("questions keep their keys, and answers and accepted outputs of a turn are one message", async () => {
  const { say, waiting, outputs, turns } = exchange();
  say({
    outputs: [output(1, "in-0")],
    questions: [
      { number: 2, idempotencyKey: "a", request },
      { number: 3, idempotencyKey: "b", request },
    ],
  });
  await expect.poll(() => waiting.map(({ key }) => key)).toEqual(["a", "b"]);
  expect(outputs).toEqual(["in-0"]);
  waiting[1]?.give(["in-2"]);
  waiting[0]?.give(["in-1"]);
  const { value } = await turns.next();
  expect(value?.accepted).toEqual([1]);
  const told = value?.answers?.map(({ number, inputs }) => [
    number,
    ...(inputs ?? []).map(({ item }) => itemOf(item as Uint8Array).inputId),
  ]);
  expect(told).toEqual([
    [3, "in-2"],
    [2, "in-1"],
  ]);
});

test("that an output is kept is told also when there is nothing else to say", async () => {
  const { say, turns } = exchange();
  say({ outputs: [output(1, "in-0")] });
  expect((await turns.next()).value).toMatchObject({ accepted: [1], answers: [] });
});

test("what fails is refused alone: an output that the disk has no room for, and one that is no message [B3]", async () => {
  const { say, turns } = exchange({ refuses: true });
  say({ outputs: [output(1, "in-0"), { number: 2, item: new Uint8Array([255, 255]) }] });
  expect((await turns.next()).value?.refused?.toSorted()).toEqual([1, 2]);
});

test("a container that says no more has its outputs accepted and its questions answered with nothing", async () => {
  const { say, says, waiting, turns } = exchange();
  say({ outputs: [output(1, "in-0")], questions: [{ number: 2, idempotencyKey: "a", request }] });
  await expect.poll(() => waiting.length).toBe(1);
  says.end();
  const { value } = await turns.next();
  expect(value).toMatchObject({ accepted: [1], answers: [{ number: 2, inputs: [] }] });
  expect((await turns.next()).done).toBe(true);
});

test("who hangs up is given no more inputs", async () => {
  const { say, waiting, hangUp } = exchange();
  say({ questions: [{ number: 1, idempotencyKey: "a", request }] });
  await expect.poll(() => waiting.length).toBe(1);
  expect(waiting[0]?.signal.aborted).toBe(false);
  hangUp();
  expect(waiting[0]?.signal.aborted).toBe(true);
});

test("that an output is kept is told at once where keeping it took a disk", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const { say, turns } = exchange({ kept: () => nextTurn() });
  say({ outputs: [output(1, "in-0")] });
  expect((await turns.next()).value).toMatchObject({ accepted: [1] });
});

test("that a caller has gone is not told before the answer that brings its input", async () => {
  const { say, waiting, callersLeft, turns } = exchange();
  say({ questions: ["a", "b"].map((idempotencyKey, number) => ({ number, idempotencyKey, request })) });
  await expect.poll(() => waiting.length).toBe(2);
  waiting[0]?.give(["in-0"], 1024 * 1024);
  waiting[1]?.give(["in-1"]);
  for (const tell of callersLeft) tell("in-1");
  expect((await turns.next()).value).toMatchObject({ answers: [{ number: 0 }], left: [] });
  expect((await turns.next()).value).toMatchObject({ answers: [{ number: 1 }], left: ["in-1"] });
});

test.each([
  ["twice under one number", [0, 0], {}, "EXCHANGE_NUMBER_REPEATED"],
  ["on and on", Array.from({ length: 2_001 }, (_, number) => number), {}, "TASK_CALLS_TOO_MANY"],
  ["with a long key", [0], { idempotencyKey: "k".repeat(201) }, "INPUT_QUESTION_TOO_LONG"],
  ["for a long id", [0], { request: { functionId: "f".repeat(201) } }, "INPUT_QUESTION_TOO_LONG"],
])("who asks %s is refused, and nothing waits for it any more [B3]", async (_how, numbers, how, code) => {
  const { say, waiting, turns } = exchange();
  say({ questions: numbers.map((number) => ({ number, idempotencyKey: "a", request, ...how })) });
  await expect(turns.next()).rejects.toMatchObject({ code });
  expect(waiting.filter(({ signal }) => !signal.aborted)).toEqual([]);
});

test("that a caller has gone is told at once, and to nobody when the stream has ended", async () => {
  const { says, callersLeft, turns } = exchange();
  for (const tell of callersLeft) tell("in-1");
  expect((await turns.next()).value).toMatchObject({ left: ["in-1"] });
  says.end();
  expect((await turns.next()).done).toBe(true);
  expect(callersLeft.size).toBe(0);
});
