import { expect, test } from "vitest";
import { inputMoves, inputTransitions } from "../call/input-state.ts";
import { isOver, taskMoves, taskTransitions, type TaskState } from "./task-state.ts";

test("every task can end from wherever it is, and what has ended stays so", () => {
  for (const [state, next] of Object.entries(taskTransitions))
    expect(next.includes("exited")).toBe(!isOver(state as TaskState));
  expect([...taskTransitions.exited, ...taskTransitions.lost]).toEqual([]);
  expect(() => taskMoves("exited", "ready")).toThrow("Bug: a task moves from exited to ready");
});

test("every input can be finished from wherever it is, once", () => {
  for (const [kind, next] of Object.entries(inputTransitions))
    expect(next.includes("finished")).toBe(kind !== "finished");
  expect(() => inputMoves({ kind: "finished", atMs: 1 }, { kind: "pending" })).toThrow("Bug");
});
