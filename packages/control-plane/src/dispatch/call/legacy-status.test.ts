import { create } from "@bufbuild/protobuf";
import { GenericResult_GenericStatus as Status, GenericResultSchema } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { resultFor, statusFor } from "./legacy-status.ts";

test("a client is told of statuses that its version knows, and of the nearest for the others", () => {
  const told = (version: string) =>
    [
      Status.SUCCESS,
      Status.INIT_FAILURE,
      Status.INTERNAL_FAILURE,
      Status.IDLE_TIMEOUT,
      Status.KERNEL_OOM_KILL,
    ].map((status) => Status[statusFor(version, status)]);
  expect(told("0.62.181")).toEqual(["SUCCESS", "INIT_FAILURE", "FAILURE", "TIMEOUT", "FAILURE"]);
  expect(told("0.64.57")).toEqual(["SUCCESS", "INIT_FAILURE", "FAILURE", "TIMEOUT", "FAILURE"]);
  expect(told("1.0.5")).toEqual(["SUCCESS", "INIT_FAILURE", "INTERNAL_FAILURE", "TIMEOUT", "FAILURE"]);
  expect(told("1.5.4")).toEqual(["SUCCESS", "INIT_FAILURE", "INTERNAL_FAILURE", "IDLE_TIMEOUT", "FAILURE"]);
  expect(told("1.6.4")).toEqual([
    "SUCCESS",
    "INIT_FAILURE",
    "INTERNAL_FAILURE",
    "IDLE_TIMEOUT",
    "KERNEL_OOM_KILL",
  ]);
  expect(told("")).toEqual([
    "SUCCESS",
    "INIT_FAILURE",
    "INTERNAL_FAILURE",
    "IDLE_TIMEOUT",
    "KERNEL_OOM_KILL",
  ]);
});

test("a result keeps everything but the status", () => {
  const result = create(GenericResultSchema, { status: Status.INTERNAL_FAILURE, exception: "lost" });
  expect(resultFor({ clientVersion: "0.64.57" }, result)).toMatchObject({
    status: Status.FAILURE,
    exception: "lost",
  });
  expect(result.status).toBe(Status.INTERNAL_FAILURE);
});

test("what the server says of a call is said in the reader's words, what the user's code says as it said it [A23]", () => {
  const exception = "Not ready within 5 s. Give it longer with `startupTimeout`.";
  const ours = create(GenericResultSchema, { status: Status.TIMEOUT, exception });
  expect(resultFor({ language: "python" }, ours).exception).toContain("`startup_timeout`");
  expect(resultFor({ language: "typescript" }, ours).exception).toBe(exception);
  const thrown = create(GenericResultSchema, { ...ours, dataOneof: { case: "data", value: Buffer.of(1) } });
  expect(resultFor({ language: "python" }, thrown).exception).toBe(exception);
});
