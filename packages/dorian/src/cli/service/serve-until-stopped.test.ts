import { EventEmitter } from "node:events";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Interruption } from "../interruption.ts";
import { serveUntilStopped } from "./serve-until-stopped.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hangs = () => new Promise<void>(() => undefined);

/** A process with one service, which a signal has told to stop. */
function stopped(drain: (options: { signal: AbortSignal }) => Promise<void>) {
  const source = new EventEmitter();
  const interruption = new Interruption(source, () => undefined);
  const end = vi.fn<(code: number) => void>();
  const served = serveUntilStopped({
    services: [{ drain }],
    readiness: { dataDirectory: "/d", pid: 1 },
    readyLine: "",
    stopping: { words: "", workMs: 0 },
    input: { flag: () => false, wholeNumber: () => undefined },
    context: { interruption, signal: interruption.signal, output: { print: () => undefined } },
    logger: pino({ level: "silent" }),
    end,
  });
  source.emit("SIGTERM");
  return { served, end };
}

test("a service that drains for too long is told to drop what runs, and when it does not the process ends", async () => {
  let dropped = false;
  const { end } = stopped(({ signal }) => {
    signal.addEventListener("abort", () => (dropped = true));
    return hangs();
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([dropped, end.mock.calls]).toEqual([false, []]);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect([dropped, end.mock.calls]).toEqual([true, [[1]]]);
});

test("a process that has drained ends, whatever keeps it from clearing up", async () => {
  const { end, served } = stopped(async () => undefined);
  await served;
  expect(end).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(end).toHaveBeenCalledWith(1);
});
