import { expect, test } from "vitest";
import { endReason } from "./end-reason.ts";

const exited = {
  exitCode: 137,
  signal: "SIGKILL",
  outOfMemory: false,
  memoryLimitMb: 0n,
  failure: undefined,
  ownSignal: "",
  heapFull: false,
};

test("an end for want of memory is told with the limit that was reached and what to do [B16]", () => {
  expect(endReason({ ...exited, outOfMemory: true, memoryLimitMb: 512n })).toBe(
    "The container ran out of memory: its limit is 512 MiB. Ask for more with `memory`.",
  );
  expect(endReason({ ...exited, outOfMemory: true })).toMatch(
    /all containers of its worker together .* `memory`, .* --memory\.$/,
  );
});

test("other ends are told as what they are", () => {
  expect(endReason(exited)).toBe("The container was ended by SIGKILL.");
  expect(endReason({ ...exited, signal: "", exitCode: 3 })).toBe("The container exited with code 3.");
});

test("what code does to its own process, and a heap that is full, are told as such [A5]", () => {
  expect(endReason({ ...exited, ownSignal: "SIGKILL" })).toBe(
    "The container was ended by SIGKILL, which its own code sent.",
  );
  expect(endReason({ ...exited, signal: "SIGABRT", heapFull: true })).toMatch(/ran out of JavaScript heap/);
  expect(endReason({ ...exited, signal: "", exitCode: 3, heapFull: true })).toMatch(/exited with code 3/);
});
