import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { type SeenInput, statusOfCall } from "./call-status.ts";

const finished = (status: Status): SeenInput => ({
  state: "finished",
  status,
  startedAtSecs: 1,
  finishedAtMs: 2,
  method: "",
});
const open = (state: SeenInput["state"]): SeenInput => ({
  ...finished(Status.UNSPECIFIED),
  state,
  finishedAtMs: undefined,
});

test.each([
  ["waits while no container has an input of it", [open("pending"), open("backing-off")], 2, "waiting"],
  ["runs while one has", [finished(Status.FAILURE), open("running"), open("pending")], 2, "running"],
  ["has succeeded when all have", [finished(Status.SUCCESS), finished(Status.SUCCESS)], 0, "succeeded"],
  ["has failed when one has", [finished(Status.SUCCESS), finished(Status.INIT_FAILURE)], 0, "failed"],
  ["was out of time", [finished(Status.TIMEOUT), finished(Status.TERMINATED)], 0, "timeout"],
  ["was cancelled", [finished(Status.SUCCESS), finished(Status.TERMINATED)], 0, "cancelled"],
  ["has expired when nothing of it is left", [], 0, "expired"],
] as const)("a call %s", (_name, inputs, unfinished, status) => {
  expect(statusOfCall(inputs, unfinished)).toBe(status);
});
