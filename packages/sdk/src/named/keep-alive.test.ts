import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAlive } from "./keep-alive.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what is kept alive is heard of every five minutes, whatever fails, and removed once at the end", async () => {
  const calls: string[] = [];
  const life = keepAlive({
    async heartbeat() {
      calls.push("heartbeat");
      throw new Error("The server is away.");
    },
    async remove() {
      calls.push("remove");
      throw new Error("The server is away.");
    },
  });
  await vi.advanceTimersByTimeAsync(900_000);
  expect(calls).toEqual(["heartbeat", "heartbeat", "heartbeat"]);
  await life[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(900_000);
  expect(calls.slice(3)).toEqual(["remove"]);
});
