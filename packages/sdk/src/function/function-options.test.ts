import fc from "fast-check";
import { expect, test } from "vitest";
import { checkFunctionOptions, type FunctionOptions } from "./function-options.ts";

test("an unknown option is refused, and the known ones are named", () => {
  const misspelt = { timeOut: 5 } as FunctionOptions;
  expect(() => checkFunctionOptions('Function "train"', misspelt)).toThrow(
    expect.objectContaining({ code: "OPTION_UNKNOWN", remedy: expect.stringContaining("timeout") }),
  );
  expect(() => checkFunctionOptions('Function "train"', misspelt)).toThrow('"timeOut"');
});

const limits: [keyof FunctionOptions, number, number][] = [
  ["cpu", 0.001, 1_000_000],
  ["memory", 1, 1_000_000],
  ["timeout", 1, 86_400],
  ["startupTimeout", 1, 86_400],
  ["retries", 0, 10],
  ["minContainers", 0, 4000],
  ["maxContainers", 1, 4000],
  ["bufferContainers", 0, 4000],
  ["scaledownWindow", 2, 1200],
  ["maxConcurrentInputs", 1, 1000],
  ["ephemeralDisk", 1, 100_000_000],
];

test.for(limits)("%s is a number from %d to %d", ([name, low, high]) => {
  const check = (value: unknown) => () => checkFunctionOptions("F", { [name]: value });
  for (const value of [low, high]) expect(check(value)).not.toThrow();
  for (const value of [low - 1, high + 1, NaN, Infinity, "3"]) {
    expect(check(value)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  }
});

test("a limit is not below what is set aside", () => {
  const both = fc.record({
    request: fc.integer({ min: 1, max: 9999 }),
    limit: fc.integer({ min: 1, max: 9999 }),
  });
  fc.assert(
    fc.property(both, fc.constantFrom("cpu", "memory"), (value, name) => {
      const check = () => checkFunctionOptions("F", { [name]: value });
      if (value.limit >= value.request) expect(check).not.toThrow();
      else expect(check).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    }),
  );
});

test("there may not be fewer containers at most than at least", () => {
  expect(() => checkFunctionOptions("F", { minContainers: 3, maxContainers: 2 })).toThrow("maxContainers: 2");
  expect(() => checkFunctionOptions("F", { minContainers: 3, maxContainers: 3 })).not.toThrow();
});

test("faults of several options are told together, each with what to do [A24]", () => {
  const many = { cpu: -2, memory: 0, timeout: -1, retries: 99, timeOut: 3, gpu: "H100:x" } as FunctionOptions;
  const check = () => checkFunctionOptions('Function "a"', many);
  expect(check).toThrow(expect.objectContaining({ code: "OPTIONS_INVALID" }));
  expect(check).toThrow(/^Function "a" has 6 faults in its options:\n/);
  for (const fault of [
    "cpu: -2. It must be a number from 0.001",
    "memory: 0.",
    "timeout: -1.",
    "retries: 99.",
    '"timeOut"',
    "H100:x",
  ])
    expect(check).toThrow(fault);
});
