import { create } from "@bufbuild/protobuf";
import { AppError, type StatusName } from "@dorian/base/app-error";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  ModalClient,
  type GenericResult,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { AllowedInputs } from "./allowed-inputs.ts";
import { InputLoop } from "./input-loop.ts";

function refusal(status: StatusName, message: string): AppError {
  return new AppError("REFUSED", message, { status, remedy: "" });
}

/** Serves one input against a server whose first answers are these refusals; returns the outputs that it took. */
async function serveOne(refusals: {
  outputs?: AppError[];
  inputs?: AppError[];
  /** Told of the key of each question for inputs. */
  onQuestion?: (key: string) => void;
}): Promise<GenericResult[]> {
  const { outputs = [], inputs = [], onQuestion } = refusals;
  const taken: GenericResult[] = [];
  const modal = createLocalClient(
    ModalClient,
    {
      async functionGetInputs(_request, { idempotencyKey }) {
        onQuestion?.(idempotencyKey);
        const error = inputs.shift();
        if (error) throw error;
        return { inputs: [{ inputId: "in-1", functionCallId: "fc-1", input: { finalInput: true } }] };
      },
      async functionPutOutputs(request) {
        const error = outputs.shift();
        if (error) throw error;
        taken.push(...request.outputs.flatMap(({ result }) => result ?? []));
        return {};
      },
    },
    { kind: "task", taskId: "ta-1" },
  );
  const loop = new InputLoop({
    modal,
    functionId: "fu-1",
    allowed: new AllowedInputs({ target: 1, most: 1 }),
    maxInputs: 0,
    run: async () => [
      { result: create(GenericResultSchema, { status: Status.SUCCESS }), dataFormat: DataFormat.CBOR },
    ],
    within: (_input, run) => run(),
    nowMs: Date.now,
  });
  await loop.serve();
  return taken;
}

test("a server in trouble is asked again for inputs, and to take outputs: the container does not give up [L16]", async () => {
  const taken = await serveOne({
    inputs: [refusal("INTERNAL", "The database is locked.")],
    outputs: [refusal("RESOURCE_EXHAUSTED", "The disk is full."), refusal("INTERNAL", "The disk failed.")],
  });
  expect(taken.map(({ status }) => status)).toEqual([Status.SUCCESS]);
});

test("an output that the server will never take is told as the input's failure [L16]", async () => {
  const taken = await serveOne({ outputs: [refusal("INVALID_ARGUMENT", "The output is too odd.")] });
  expect(taken.map(({ status, exception }) => [status, exception])).toEqual([
    [Status.FAILURE, "AppError: The output is too odd."],
  ]);
});

test("a question for inputs keeps its key until it is answered: what an answer that got lost has given is given again", async () => {
  const keys: string[] = [];
  await serveOne({ inputs: [refusal("UNAVAILABLE", "lost")], onQuestion: (key) => keys.push(key) });
  expect(keys).toEqual(["inputs-1", "inputs-1"]);
});
