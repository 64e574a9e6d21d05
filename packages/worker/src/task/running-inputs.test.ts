import { expect, test } from "vitest";
import { RunningInputs } from "./running-inputs.ts";

const input = (name: string) => ({ inputId: `in-${name}`, functionCallId: `fc-${name}` });

test("what is read just after an input has ended is its own, until another begins or it is quiet for long", () => {
  let nowMs = 0;
  const inputs = new RunningInputs(() => nowMs);
  expect(inputs.only).toBeUndefined();
  inputs.started(input("a"));
  expect(inputs.only).toEqual(input("a"));
  inputs.ended({ inputId: "in-a", succeeded: true });
  expect([inputs.only, inputs.ids]).toEqual([input("a"), []]);
  inputs.started(input("b"));
  expect(inputs.only).toEqual(input("b"));
  inputs.ended({ inputId: "in-b", succeeded: true });
  nowMs += 1_000;
  expect(inputs.only).toBeUndefined();
});

test("of several that run at once nobody knows whose a line is, also when one of them ends", () => {
  const inputs = new RunningInputs(() => 0);
  for (const name of ["a", "b"]) inputs.started(input(name));
  expect(inputs.only).toBeUndefined();
  inputs.ended({ inputId: "in-a", succeeded: true });
  expect(inputs.only).toEqual(input("b"));
  inputs.ended({ inputId: "in-b", succeeded: true });
  expect(inputs.only).toEqual(input("b"));
});
