import { create } from "@bufbuild/protobuf";
import { CallShowResponse_InputSchema } from "@dorian/protocol/operator";
import { expect, test } from "vitest";
import { callPhases } from "./call-phases.ts";

const lengths = (fields: Parameters<typeof create<typeof CallShowResponse_InputSchema>>[1], nowMs = 0) =>
  callPhases(create(CallShowResponse_InputSchema, fields), nowMs).map(
    ({ name, startMs, endMs, isOpen }) => `${name} ${Math.round(endMs - startMs)}${isOpen ? "…" : ""}`,
  );

test("an input that a container was started for has waited, seen it start, and run", () => {
  const times = { createdAt: 10, taskPlacedAt: 11, taskReadyAt: 13, startedAt: 13, finishedAt: 17 };
  expect(lengths(times)).toEqual(["waiting 1000", "starting 2000", "running 4000"]);
});

test("one that a ready container took has waited and run", () => {
  const times = { createdAt: 10, taskPlacedAt: 1, taskReadyAt: 3, startedAt: 12, finishedAt: 13 };
  expect(lengths(times)).toEqual(["waiting 2000", "running 1000"]);
});

test("what it is in goes on", () => {
  expect(lengths({ createdAt: 10 }, 12_000)).toEqual(["waiting 2000…"]);
  expect(lengths({ createdAt: 10, taskPlacedAt: 1, taskReadyAt: 2, startedAt: 10.5 }, 12_000)).toEqual([
    "waiting 500",
    "running 1500…",
  ]);
});

test("clocks that disagree make no negative times", () => {
  const times = { createdAt: 10, taskPlacedAt: 1, taskReadyAt: 3, startedAt: 9, finishedAt: 11 };
  expect(lengths(times)).toEqual(["running 1000"]);
});
