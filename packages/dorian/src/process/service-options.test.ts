import { expect, test } from "vitest";
import { Input, UsageError } from "../cli/input.ts";
import { parseMebibytes } from "./byte-size.ts";
import { readListen, readWorkerLimits } from "./service-options.ts";
import { openAddressWarning } from "./service-setup.ts";

const input = (options: Record<string, string | boolean> = {}) => new Input({}, options);

test("a server listens on loopback unless told otherwise", () => {
  expect(readListen(input())).toBe("127.0.0.1:7070");
  expect(readListen(input({ listen: "0.0.0.0:0" }))).toBe("0.0.0.0:0");
  expect(readListen(input({ listen: "[::1]:7070" }))).toBe("[::1]:7070");
});

test.each(["7070", "host", "host:", ":7070", "host:99999", "a b:1"])(
  "the address %j is refused",
  (listen) => {
    expect(() => readListen(input({ listen }))).toThrow(UsageError);
  },
);

test("only addresses of this machine go without a warning", () => {
  expect(openAddressWarning("127.0.0.1:7070")).toBeUndefined();
  expect(openAddressWarning("[::1]:1")).toBeUndefined();
  expect(openAddressWarning("0.0.0.0:7070")).toContain("not encrypted");
});

test("GPUs are simulated when asked for, as many as said [Q5]", () => {
  expect(readWorkerLimits(input()).simulateGpus).toBe(0);
  expect(readWorkerLimits(input({ "simulate-gpus": true })).simulateGpus).toBe(8);
  expect(readWorkerLimits(input({ "simulate-gpus": "2" })).simulateGpus).toBe(2);
});

test("capacity is the machine's unless limited", () => {
  expect(readWorkerLimits(input()).capacity).toEqual({});
  expect(readWorkerLimits(input({ cpus: "1.5", memory: "2g" })).capacity).toEqual({
    milliCpu: 1500,
    memoryMb: 2048,
  });
});

test.each([
  ["512m", 512],
  ["1g", 1024],
  ["1.5 GiB", 1536],
  ["2TiB", 2 * 1024 * 1024],
])("%s is %i MiB", (text, expected) => {
  expect(parseMebibytes(text, "memory")).toBe(expected);
});

test.each(["", "16", "g", "-1g", "0g", "1 parsec"])("the amount %j is refused", (text) => {
  expect(() => parseMebibytes(text, "memory")).toThrow(UsageError);
});
