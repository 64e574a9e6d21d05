import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { repeatedly } from "./repeatedly.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const noError = (error: unknown) => expect.unreachable(String(error));

test("work is done from time to time, and not again while it goes on", async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const work = () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  };
  await using _loop = repeatedly(work, { firstMs: 5, everyMs: 1_000, onError: noError });
  await vi.advanceTimersByTimeAsync(4);
  expect(runs).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
});

test("a run that fails is told of, and followed by others", async () => {
  const told: unknown[] = [];
  const work = async () => {
    throw new Error("no");
  };
  await using _loop = repeatedly(work, { everyMs: 10, onError: (error) => told.push(error) });
  await vi.advanceTimersByTimeAsync(25);
  expect(told).toHaveLength(2);
});

test("disposing asks a run to end and waits for that, and there is no other", async () => {
  const run = Promise.withResolvers<void>();
  let asked: AbortSignal | undefined;
  const work = vi.fn((signal: AbortSignal) => {
    asked = signal;
    return run.promise;
  });
  const loop = repeatedly(work, { everyMs: 10, onError: noError });
  await vi.advanceTimersByTimeAsync(10);
  let isDisposed = false;
  const disposed = loop[Symbol.asyncDispose]().then(() => (isDisposed = true));
  await vi.advanceTimersByTimeAsync(0);
  expect({ isDisposed, isAsked: asked?.aborted }).toEqual({ isDisposed: false, isAsked: true });
  run.resolve();
  await disposed;
  await vi.advanceTimersByTimeAsync(100);
  expect(work).toHaveBeenCalledTimes(1);
});
