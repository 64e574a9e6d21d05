import { expect, test } from "vitest";
import { FailedAttempts } from "./failed-attempts.ts";

test("an address has used up its failures for the rest of a minute, and others have not [B17]", () => {
  const clock = { ms: 0 };
  const attempts = new FailedAttempts({ elapsedMs: () => clock.ms });
  for (let n = 0; n < 999; n++) attempts.failed("203.0.113.9");
  expect(attempts.exhaustedMs("203.0.113.9")).toBe(0);
  clock.ms = 20_000;
  attempts.failed("203.0.113.9");
  expect(attempts.exhaustedMs("203.0.113.9")).toBe(40_000);
  expect(attempts.exhaustedMs("203.0.113.10")).toBe(0);
  clock.ms = 60_000;
  expect(attempts.exhaustedMs("203.0.113.9")).toBe(0);
  attempts.failed("203.0.113.9");
  expect(attempts.exhaustedMs("203.0.113.9")).toBe(0);
});

test("many addresses fill no memory: the oldest are forgotten [B17]", () => {
  const attempts = new FailedAttempts({ elapsedMs: () => 0 });
  for (let n = 0; n < 1000; n++) attempts.failed("first");
  for (let n = 0; n < 4095; n++) attempts.failed(`other ${n}`);
  expect(attempts.exhaustedMs("first")).toBe(60_000);
  attempts.failed("one more");
  expect(attempts.exhaustedMs("first")).toBe(0);
});
