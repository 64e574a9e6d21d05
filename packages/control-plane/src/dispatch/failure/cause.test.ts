import { expect, test } from "vitest";
import { causeOfEnd, causeOfFailure, type ReportedEnd } from "./cause.ts";

const running = { isStopping: false, saidHello: true };

function end(part: Partial<ReportedEnd> = {}): ReportedEnd {
  return {
    exitCode: 0,
    signal: "",
    outOfMemory: false,
    memoryLimitMb: 0n,
    failureStatus: "",
    isUnknown: false,
    wasStopped: false,
    wasLeaving: false,
    ownSignal: "",
    ...part,
  };
}

test.for<[string, Partial<ReportedEnd>, string]>([
  ["process.exit(3)", { exitCode: 3 }, "code"],
  ["process.exit(0) in the middle of an input", {}, "code"],
  ["abort", { exitCode: 134, signal: "SIGABRT" }, "code"],
  ["a wrong address", { exitCode: 139, signal: "SIGSEGV" }, "code"],
  [
    "its own memory limit",
    { exitCode: 137, signal: "SIGKILL", outOfMemory: true, memoryLimitMb: 64n },
    "code",
  ],
  ["the memory of all containers", { exitCode: 137, signal: "SIGKILL", outOfMemory: true }, "outside"],
  ["kill -9", { exitCode: 137, signal: "SIGKILL" }, "killed"],
  [
    "process.kill(process.pid, 'SIGKILL')",
    { exitCode: 137, signal: "SIGKILL", ownSignal: "SIGKILL" },
    "code",
  ],
  ["process.kill(process.pid)", { wasLeaving: true, ownSignal: "SIGTERM" }, "code"],
  ["kill -TERM of Python", { exitCode: 143, signal: "SIGTERM" }, "killed"],
  ["kill -TERM of our guest", { wasLeaving: true }, "killed"],
  [
    "its own limit of the disk",
    { exitCode: 137, signal: "SIGKILL", failureStatus: "FAILED_PRECONDITION" },
    "code",
  ],
  [
    "a disk that ran short",
    { exitCode: 137, signal: "SIGKILL", failureStatus: "RESOURCE_EXHAUSTED" },
    "platform",
  ],
  ["an error of runc", { exitCode: -1, failureStatus: "INTERNAL" }, "platform"],
  ["a layer that is gone", { exitCode: -1, failureStatus: "NOT_FOUND" }, "code"],
  ["a worker that was started anew", { exitCode: -1, signal: "SIGKILL", isUnknown: true }, "lost"],
  ["a worker that stops", { exitCode: 137, signal: "SIGKILL", wasStopped: true }, "asked"],
])("%s is the doing of: %3$s [L16]", ([, part, cause]) => {
  expect(causeOfEnd(end(part), running)).toBe(cause);
});

test("what the server asked for is nobody's fault, whatever it ended with [L16]", () => {
  expect(causeOfEnd(end({ exitCode: 1 }), { ...running, isStopping: true })).toBe("asked");
});

test("what ends by itself before the user's code had its turn may be anybody's doing [L5]", () => {
  const early = { isStopping: false, saidHello: false };
  expect(causeOfEnd(end({ exitCode: 127 }), early)).toBe("unclear");
  expect(causeOfEnd(end({ exitCode: 137, signal: "SIGKILL" }), early)).toBe("killed");
});

test("an error that another try may not meet is the platform's, any other the settings' [L5]", () => {
  for (const status of ["INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"])
    expect(causeOfFailure(status)).toBe("platform");
  for (const status of ["NOT_FOUND", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "DATA_LOSS"])
    expect(causeOfFailure(status)).toBe("code");
});
