import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AppNotes } from "./app-notes.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("the same of the same function is said once in a while, other things and other functions at once", () => {
  const said: string[] = [];
  const notes = new AppNotes((appId, functionId, text) => said.push(`${appId} ${functionId} ${text}`));
  const say = (functionId: string, text: string) => notes.note({ appId: "ap", functionId }, text);
  for (const text of ["short", "short", "long"]) say("fu-1", text);
  say("fu-2", "short");
  expect(said.splice(0)).toEqual(["ap fu-1 short", "ap fu-1 long", "ap fu-2 short"]);
  vi.advanceTimersByTime(9_000);
  say("fu-1", "short");
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1_000);
  say("fu-1", "short");
  expect(said).toEqual(["ap fu-1 short"]);
});

test("apps that always say something new fill no log and no memory", () => {
  let said = 0;
  const notes = new AppNotes(() => said++);
  for (let count = 0; count < 10_000; count += 1)
    notes.note({ appId: "ap", functionId: "fu" }, String(count));
  expect(said).toBe(500);
});
