import { create } from "@bufbuild/protobuf";
import {
  FunctionGetCallGraphResponseSchema,
  GenericResult_GenericStatus as Status,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { graphOf } from "./call-graph.ts";

test("a call graph is a tree: each input with the inputs that its code led to, and those without a caller first", () => {
  const graph = graphOf(
    create(FunctionGetCallGraphResponseSchema, {
      functionCalls: [
        { functionCallId: "fc-1", functionName: "plan" },
        { functionCallId: "fc-2", functionName: "work", parentInputId: "in-1" },
        { functionCallId: "fc-3", functionName: "orphan", parentInputId: "in-gone" },
      ],
      inputs: [
        { inputId: "in-2", functionCallId: "fc-2", taskId: "ta-2", status: Status.FAILURE },
        { inputId: "in-3", functionCallId: "fc-2" },
        { inputId: "in-1", functionCallId: "fc-1", taskId: "ta-1", status: Status.SUCCESS },
        { inputId: "in-4", functionCallId: "fc-3", status: Status.TIMEOUT },
      ],
    }),
  );
  expect(graph).toMatchObject([
    {
      inputId: "in-1",
      functionName: "plan",
      taskId: "ta-1",
      status: "succeeded",
      children: [
        { inputId: "in-2", functionName: "work", status: "failed", children: [] },
        { inputId: "in-3", status: "pending" },
      ],
    },
    { inputId: "in-4", functionName: "orphan", status: "timed out" },
  ]);
});
