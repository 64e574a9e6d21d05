import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { GuestService } from "@dorian/protocol/guest";
import { FunctionGetInputsItemSchema, ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { expect, test } from "vitest";
import { withInputExchange } from "./input-exchange.ts";

const identity = { kind: "task", taskId: "ta-1" } as const;
type Exchange = ServiceHandlers<typeof GuestService>["exchangeInputs"];

/** A container's calls against a server that exchanges by script; `calls` are those that came as calls, by their keys. */
function container(exchangeInputs?: Exchange) {
  const calls: string[] = [];
  const left: string[] = [];
  const modal = createLocalClient(
    ModalClient,
    {
      async functionGetInputs(_request, { idempotencyKey }) {
        calls.push(`inputs ${idempotencyKey}`);
        return { inputs: [{ inputId: "in-called" }] };
      },
      async functionPutOutputs({ outputs }) {
        calls.push(`outputs ${outputs.map(({ inputId }) => inputId).join()}`);
        return {};
      },
    },
    identity,
  );
  const guest = createLocalClient(GuestService, exchangeInputs ? { exchangeInputs } : {}, identity);
  return { calls, left, modal: withInputExchange(modal, guest, (inputId) => left.push(inputId)) };
}

const inputOf = (inputId: string) => ({
  inputId,
  item: toBinary(FunctionGetInputsItemSchema, create(FunctionGetInputsItemSchema, { inputId })),
});

const gone = () =>
  new AppError("CONNECTION_LOST", "The server is gone.", { status: "UNAVAILABLE", remedy: "Wait for it." });

const full = () =>
  new AppError("REQUESTS_TOO_LARGE", "Too much at a time.", {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Wait for room.",
  });

test("what is said in one turn goes as one message, and each is answered by its number", async () => {
  const turns: [outputs: string[], keys: string[]][] = [];
  const { modal, calls } = container(async function* (said) {
    for await (const { outputs, questions } of said) {
      turns.push([
        outputs.map(({ inputId }) => inputId),
        questions.map(({ idempotencyKey }) => idempotencyKey),
      ]);
      yield {
        accepted: outputs.map(({ number }) => number),
        answers: questions.map(({ number, idempotencyKey }) => ({
          number,
          inputs: [inputOf(`in-${idempotencyKey}`)],
        })),
      };
    }
  });
  const ask = async (idempotencyKey: string) =>
    (await modal.functionGetInputs({}, { idempotencyKey })).inputs[0]?.inputId;
  const put = modal.functionPutOutputs({ outputs: [{ inputId: "in-0" }] });
  expect(await Promise.all([ask("a"), ask("b"), put])).toMatchObject(["in-a", "in-b", {}]);
  expect(turns).toEqual([[["in-0"], ["a", "b"]]]);
  expect(calls).toEqual([]);
});

test("what a stream that breaks leaves without an answer becomes a call, under its key; when the server answers there is a stream again [L6]", async () => {
  let streams = 0;
  const { modal, calls } = container(async function* (said) {
    streams += 1;
    for await (const { questions } of said) {
      if (streams === 1) throw gone();
      for (const { number } of questions) yield { answers: [{ number, inputs: [inputOf("in-streamed")] }] };
    }
  });
  const ask = async (idempotencyKey: string) =>
    (await modal.functionGetInputs({}, { idempotencyKey })).inputs[0]?.inputId;
  const put = modal.functionPutOutputs({ outputs: [{ inputId: "in-0" }] });
  expect(await Promise.all([ask("a"), put])).toMatchObject(["in-called", {}]);
  expect(calls.toSorted()).toEqual(["inputs a", "outputs in-0"]);
  expect(await ask("b")).toBe("in-streamed");
});

test("what is refused becomes a call, which finds out why", async () => {
  const { modal, calls } = container(async function* (said) {
    for await (const { outputs } of said) yield { refused: outputs.map(({ number }) => number) };
  });
  await modal.functionPutOutputs({ outputs: [{ inputId: "in-0" }] });
  expect(calls).toEqual(["outputs in-0"]);
});

test("that the caller of an input has gone is told with whatever else is said", async () => {
  const { modal, left } = container(async function* (said) {
    for await (const { outputs } of said)
      yield { accepted: outputs.map(({ number }) => number), left: ["in-1", "in-2"] };
  });
  await modal.functionPutOutputs({ outputs: [{ inputId: "in-0" }] });
  await expect.poll(() => left).toEqual(["in-1", "in-2"]);
});

test("that the caller of an input has gone is told when the input has begun, though both came together", async () => {
  const { modal, left } = container(async function* (said) {
    for await (const { questions } of said) {
      const answers = questions.map(({ number }) => ({ number, inputs: [inputOf("in-1")] }));
      yield { answers, left: ["in-1"] };
    }
  });
  await modal.functionGetInputs({}, { idempotencyKey: "a" });
  expect(left).toEqual([]);
  await expect.poll(() => left).toEqual(["in-1"]);
});

test("a stream that the server refused once is opened again when a call was answered [L6]", async () => {
  let streams = 0;
  const { modal, calls } = container(async function* (said) {
    streams += 1;
    if (streams === 1) throw full();
    for await (const { questions } of said)
      for (const { number } of questions) yield { answers: [{ number, inputs: [inputOf("in-streamed")] }] };
  });
  const ask = async (idempotencyKey: string) =>
    (await modal.functionGetInputs({}, { idempotencyKey })).inputs[0]?.inputId;
  expect([await ask("a"), await ask("b")]).toEqual(["in-called", "in-streamed"]);
  expect(calls).toEqual(["inputs a"]);
});

test("where nothing is exchanged all are calls", async () => {
  const { modal, calls } = container();
  await modal.functionGetInputs({}, { idempotencyKey: "a" });
  await modal.functionGetInputs({}, { idempotencyKey: "b" });
  expect(calls).toEqual(["inputs a", "inputs b"]);
});

test("a container that takes no more inputs ends the stream, in which its last output is still accepted", async () => {
  const stop = new AbortController();
  const asked = Promise.withResolvers<void>();
  const { modal, calls } = container(async function* (said) {
    const accepted: number[] = [];
    for await (const { outputs } of said) {
      accepted.push(...outputs.map(({ number }) => number));
      asked.resolve();
    }
    yield { accepted };
  });
  const question = modal.functionGetInputs({}, { signal: stop.signal }).catch(() => "none");
  const put = modal.functionPutOutputs({ outputs: [{ inputId: "in-0" }] });
  await asked.promise;
  stop.abort();
  expect(await put).toMatchObject({});
  expect(await question).toBe("none");
  await modal.functionPutOutputs({ outputs: [{ inputId: "in-1" }] });
  expect(calls).toEqual(["outputs in-1"]);
});
