import { create } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import {
  FunctionCallInvocationType as Invocation,
  FunctionCallType,
  FunctionInputSchema,
  FunctionPutInputsItemSchema,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { FunctionCall, type CallInput } from "../call/function-call.ts";
import { newInput } from "../call/new-input.ts";
import { InFlightInputs } from "./in-flight-inputs.ts";

function inputOf(blobId?: string): CallInput {
  const call = new FunctionCall({
    callId: newId("fc"),
    functionId: "fu-1",
    appId: "ap-1",
    type: FunctionCallType.UNARY,
    invocationType: Invocation.SYNC,
    parentInputId: "",
    idempotencyKey: "",
    createdAtMs: 0,
  });
  const argsOneof = blobId === undefined ? undefined : ({ case: "argsBlobId", value: blobId } as const);
  const input = create(FunctionInputSchema, argsOneof ? { argsOneof } : {});
  return newInput(call, create(FunctionPutInputsItemSchema, { input }), { nowMs: 0, elapsedMs: 0 });
}

/** Begins inputs that are handed out together. */
function begin(
  inputs: InFlightInputs,
  together: CallInput[],
  options: { limitMs?: number; nowMs?: number } = {},
) {
  const timedOut: string[] = [];
  const batch = new Set(together);
  for (const input of together) {
    const onTimeout = () => void timedOut.push(input.inputId);
    inputs.begin(input, { batch, limitMs: 60_000, nowMs: 0, ...options, onTimeout });
  }
  return timedOut;
}

test("an answer that got lost is given again as far as its inputs are still worked on, and forgotten with the last of them", () => {
  using inputs = new InFlightInputs();
  const together = [inputOf(), inputOf()];
  const [first, second] = together;
  begin(inputs, together);
  inputs.remember("key", together);
  expect(inputs.fetchedBy("key")).toEqual([first, second]);
  expect(inputs.fetchedBy("")).toEqual([]);
  expect(inputs.companions(first?.inputId ?? "")).toBe(1);
  expect(inputs.end(first?.inputId ?? "")).toBe(first);
  expect(inputs.end(first?.inputId ?? "")).toBeUndefined();
  expect(inputs.fetchedBy("key")).toEqual([second]);
  expect(inputs.companions(second?.inputId ?? "")).toBe(0);
  inputs.end(second?.inputId ?? "");
  expect(inputs.fetchedBy("key")).toEqual([]);
  expect(inputs.size).toBe(0);
});

test("a cancelled input keeps its container busy until it has let go", () => {
  using inputs = new InFlightInputs();
  const input = inputOf();
  begin(inputs, [input]);
  inputs.end(input.inputId);
  inputs.cancel(input.inputId, { ms: 60_000, onEnd: () => undefined });
  expect(inputs.load).toBe(1);
  inputs.hasLetGo(input.inputId);
  expect(inputs.load).toBe(0);
});

test("what an input took is told once, and from then on counts from its answer", () => {
  using inputs = new InFlightInputs();
  const input = inputOf();
  begin(inputs, [input], { nowMs: 100 });
  inputs.surround(input.inputId, { busy: 2, active: 3 });
  expect(inputs.answered(input.inputId, 400)).toEqual({ tookMs: 300, surroundings: { busy: 2, active: 3 } });
  expect(inputs.answered(input.inputId, 900)).toBeUndefined();
  expect(inputs.runningMs(1_000)).toEqual([600]);
});

test("an input that takes too long is told of, one that has ended in time is not", async () => {
  using inputs = new InFlightInputs();
  const [slow, quick] = [inputOf(), inputOf()];
  const timedOut = begin(inputs, [slow, quick], { limitMs: 50 });
  inputs.end(quick.inputId);
  await expect.poll(() => timedOut).toEqual([slow.inputId]);
});

test("a container works on its inputs, their calls and their arguments, and on nothing that it is done with", () => {
  using inputs = new InFlightInputs();
  const input = inputOf("bl-1");
  begin(inputs, [input]);
  const its = [input.inputId, input.call.facts.callId, "bl-1"];
  expect(its.map((id) => inputs.worksOn(id))).toEqual([true, true, true]);
  expect(inputs.worksOn("bl-2")).toBe(false);
  inputs.end(input.inputId);
  expect(its.map((id) => inputs.worksOn(id))).toEqual([false, false, false]);
});
