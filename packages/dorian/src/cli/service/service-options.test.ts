import { expect, test } from "vitest";
import { Input, UsageError } from "../input.ts";
import { parseMebibytes } from "./byte-size.ts";
import { readWebSettings } from "./web-settings.ts";
import { readWorkerLimits } from "./worker-limits.ts";

const input = (options: Record<string, string | boolean> = {}) => new Input({}, options);

test("web functions get the usual ports unless told otherwise, or host names under a domain", () => {
  expect(readWebSettings(input())).toEqual({});
  expect(readWebSettings(input({ "web-ports": "8000-8010" }))).toEqual({
    ports: { first: 8000, last: 8010 },
  });
  expect(readWebSettings(input({ "web-ports": "0" }))).toEqual({ ports: { first: 0, last: 0 } });
  expect(
    readWebSettings(input({ "web-ports": "80", "web-domain": "apps.example.com", "web-scheme": "https" })),
  ).toEqual({ ports: { first: 80, last: 80 }, domain: "apps.example.com", scheme: "https" });
});

test.each([
  { "web-ports": "80-" },
  { "web-ports": "90-80" },
  { "web-ports": "0-80" },
  { "web-ports": "70000" },
  { "web-domain": "https://example.com" },
  { "web-domain": "example.com", "web-scheme": "ftp" },
  { "web-scheme": "https" },
])("the web settings %j are refused", (options) => {
  expect(() => readWebSettings(input(options))).toThrow(UsageError);
});

test("GPUs are simulated when asked for, as many as said [Q5]", () => {
  expect(readWorkerLimits(input()).simulateGpus).toBe(0);
  expect(readWorkerLimits(input({ "simulate-gpus": true })).simulateGpus).toBe(8);
  expect(readWorkerLimits(input({ "simulate-gpus": "2" })).simulateGpus).toBe(2);
});

test("capacity is the machine's unless limited", () => {
  expect(readWorkerLimits(input()).machine).toEqual({ capacity: {}, reserve: {}, container: {} });
  expect(readWorkerLimits(input({ cpus: "1.5", memory: "2g" })).machine.capacity).toEqual({
    milliCpu: 1500,
    memoryMb: 2048,
  });
  const more = {
    "reserve-memory": "1g",
    "container-memory": "512m",
    "container-pids": "100",
    "cpu-weight": "50",
  };
  expect(readWorkerLimits(input(more)).machine).toEqual({
    capacity: {},
    reserve: { memoryMb: 1024 },
    container: { memoryMb: 512, pids: 100 },
    cpuWeight: 50,
  });
  expect(() => readWorkerLimits(input({ "cpu-weight": "10001" }))).toThrow(UsageError);
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
