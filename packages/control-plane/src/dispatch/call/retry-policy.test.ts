import { create } from "@bufbuild/protobuf";
import { FunctionRetryPolicySchema } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { retryDelayMs } from "./retry-policy.ts";

test("delays grow by the coefficient up to the longest, for as many retries as there are", () => {
  const policy = create(FunctionRetryPolicySchema, {
    retries: 4,
    backoffCoefficient: 2,
    initialDelayMs: 100,
    maxDelayMs: 500,
  });
  expect([0, 1, 2, 3, 4].map((spent) => retryDelayMs(policy, spent))).toEqual([
    100,
    200,
    400,
    500,
    undefined,
  ]);
  expect(retryDelayMs(undefined, 0)).toBeUndefined();
});
