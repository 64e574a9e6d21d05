import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { ContainerTurnSchema, ServerTurnSchema, type ContainerTurn } from "@dorian/protocol/guest";
import {
  FunctionGetInputsRequestSchema,
  FunctionPutOutputsItemSchema,
  GenericResult_GenericStatus as Status,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { silentObserver } from "../../test/silent-observer.ts";
import { exchangeInputs } from "./exchange-inputs.ts";
import type { TaskObserver } from "./task-observer.ts";

/** A stream through the worker: the container says into `says`, `passed` reaches the server, which answers in `hears`. */
function exchange(watching: Partial<TaskObserver> = {}, mostOpen = 10) {
  const says = new AsyncQueue<ContainerTurn>();
  const hears = new AsyncQueue<ReturnType<typeof turnOfServer>>();
  const passed: ContainerTurn[] = [];
  const failure = Promise.withResolvers<unknown>();
  const upstream = {
    exchangeInputs: (turns: AsyncIterable<unknown>) => {
      (async () => {
        for await (const turn of turns) passed.push(turn as ContainerTurn);
        hears.end();
      })().catch((error: unknown) => {
        failure.resolve(error);
        hears.fail(error);
      });
      return hears;
    },
  };
  const { signal } = new AbortController();
  const context = { identity: { kind: "task", taskId: "ta-1" } as const, signal, idempotencyKey: "" };
  const told = exchangeInputs(
    { upstream, observer: { ...silentObserver, ...watching }, passing: async () => undefined, mostOpen },
    says,
    context,
  );
  return { says, hears, passed, told, failure: failure.promise };
}

const turnOfServer = (numbers: number[]) =>
  create(ServerTurnSchema, {
    answers: numbers.map((number) => ({
      number,
      inputs: [{ inputId: `in-${number}`, functionCallId: `fc-${number}` }],
    })),
  });

const output = (number: number, status: Status) => ({
  number,
  inputId: `in-${number}`,
  succeeded: status === Status.SUCCESS,
  item: toBinary(FunctionPutOutputsItemSchema, create(FunctionPutOutputsItemSchema, { result: { status } })),
});

test("inputs and outputs pass as they are, and the worker knows which run", async () => {
  const events: string[] = [];
  const { says, hears, passed, told } = exchange({
    onReady: () => events.push("ready"),
    onInputStarted: ({ inputId, functionCallId }) => events.push(`${inputId} of ${functionCallId}`),
    onInputEnded: ({ inputId, succeeded }) => events.push(`${inputId} ${succeeded}`),
  });
  says.push(create(ContainerTurnSchema, { questions: [{ number: 1 }] }));
  hears.push(turnOfServer([1]));
  expect((await told.next()).value).toEqual(turnOfServer([1]));
  const last = create(ContainerTurnSchema, { outputs: [output(1, Status.SUCCESS)] });
  says.push(last);
  says.end();
  expect((await told.next()).done).toBe(true);
  expect(events).toEqual(["ready", "in-1 of fc-1", "in-1 true"]);
  expect(passed.at(-1)).toBe(last);
});

test("an output waits until what was written is kept, the next question does not; where it cannot be, the output is a failure [L2]", async () => {
  const kept = Promise.withResolvers<void>();
  const { says, passed, told } = exchange({ beforeAnswer: () => kept.promise });
  says.push(
    create(ContainerTurnSchema, {
      outputs: [output(1, Status.SUCCESS), output(2, Status.TERMINATED)],
      questions: [{ number: 3 }],
    }),
  );
  says.end();
  const end = told.next();
  await expect.poll(() => passed.length).toBe(1);
  expect(passed[0]?.questions).toHaveLength(1);
  kept.reject(new AppError("VOLUME_NOT_COMMITTED", "Not kept.", { remedy: "Make room." }));
  expect((await end).done).toBe(true);
  const results = passed[1]?.outputs.map(({ item }) => fromBinary(FunctionPutOutputsItemSchema, item).result);
  expect(results).toMatchObject([
    { status: Status.FAILURE, exception: "Not kept. Make room." },
    { status: Status.TERMINATED },
  ]);
});

test("a container that asks on and on without an answer is refused, and one whose questions are answered is not [B3]", async () => {
  const patient = exchange({}, 2);
  for (const number of [1, 2, 3, 4]) {
    patient.says.push(create(ContainerTurnSchema, { questions: [{ number }] }));
    const heard = patient.told.next();
    await expect.poll(() => patient.passed.length).toBe(number);
    patient.hears.push(turnOfServer([number]));
    await heard;
  }
  const greedy = exchange({}, 2);
  for (const number of [1, 2, 3]) greedy.says.push(create(ContainerTurnSchema, { questions: [{ number }] }));
  await expect(greedy.told.next()).rejects.toMatchObject({ code: "TASK_CALLS_TOO_MANY" });
});

test("a container that asks twice under one number is refused: many would count as one [B3]", async () => {
  const { says, told } = exchange();
  says.push(create(ContainerTurnSchema, { questions: [{ number: 0 }, { number: 0 }] }));
  await expect(told.next()).rejects.toMatchObject({ code: "EXCHANGE_NUMBER_REPEATED" });
});

test.each([
  { idempotencyKey: "k".repeat(201), request: {} },
  { idempotencyKey: "k", request: { functionId: "f".repeat(201) } },
])("a question that would be held with a long name is refused [B3]", async (question) => {
  const { says, told } = exchange();
  says.push(create(ContainerTurnSchema, { questions: [{ number: 1, ...question }] }));
  await expect(told.next()).rejects.toMatchObject({ code: "INPUT_QUESTION_TOO_LONG" });
});

test("what nobody knows of a question is not passed on [B3]", async () => {
  const { says, passed, told } = exchange();
  const known = { functionId: "fu-1", inputConcurrency: 2 };
  const request = create(FunctionGetInputsRequestSchema, known);
  request.$unknown = [{ no: 99, wireType: 2, data: new Uint8Array(100) }];
  says.push(create(ContainerTurnSchema, { questions: [{ number: 1, request }] }));
  says.end();
  expect((await told.next()).done).toBe(true);
  expect(passed[0]?.questions[0]?.request).toEqual(create(FunctionGetInputsRequestSchema, known));
});

test("a large output whose commit failed keeps nothing back that comes after it [B3]", async () => {
  const failed = new AppError("VOLUME_NOT_COMMITTED", "Not kept.", { remedy: "Make room." });
  const { says, passed, told } = exchange({ beforeAnswer: () => Promise.reject(failed) });
  const value = new Uint8Array(5 * 1024 * 1024);
  const result = { status: Status.SUCCESS, dataOneof: { case: "data" as const, value } };
  const item = toBinary(FunctionPutOutputsItemSchema, create(FunctionPutOutputsItemSchema, { result }));
  says.push(create(ContainerTurnSchema, { outputs: [{ ...output(1, Status.SUCCESS), item }] }));
  says.push(create(ContainerTurnSchema, { outputs: [output(2, Status.SUCCESS)] }));
  says.push(create(ContainerTurnSchema, { outputs: [output(3, Status.SUCCESS)] }));
  says.end();
  expect((await told.next()).done).toBe(true);
  expect(passed.flatMap(({ outputs }) => outputs.map(({ number }) => number))).toEqual([1, 2, 3]);
});
