import { create } from "@bufbuild/protobuf";
import { FunctionRetryPolicySchema } from "@dorian/protocol/modal";
import fc from "fast-check";
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

test("whatever the policy says, delays are times that a clock can wait for, never shrink, and end with the retries", () => {
  const policies = fc.record({
    retries: fc.nat({ max: 2_000 }),
    backoffCoefficient: fc.float(),
    initialDelayMs: fc.nat({ max: 2 ** 32 - 1 }),
    maxDelayMs: fc.oneof(fc.constant(0), fc.nat({ max: 2 ** 32 - 1 })),
  });
  fc.assert(
    fc.property(policies, fc.nat({ max: 2_000 }), (fields, spent) => {
      const policy = create(FunctionRetryPolicySchema, fields);
      const delay = retryDelayMs(policy, spent);
      const next = retryDelayMs(policy, spent + 1);
      expect(delay === undefined).toBe(spent >= fields.retries);
      if (delay === undefined) return;
      expect(delay).toBeLessThan(2 ** 31);
      expect(delay).toBeGreaterThanOrEqual(0);
      if (fields.maxDelayMs > 0) expect(delay).toBeLessThanOrEqual(fields.maxDelayMs);
      if (next !== undefined) expect(next).toBeGreaterThanOrEqual(delay);
    }),
  );
});
