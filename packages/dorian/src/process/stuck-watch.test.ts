import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type StuckWatchOptions, StuckWatch } from "./stuck-watch.ts";
import type { SupervisorOrder } from "./supervision.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(options: Partial<StuckWatchOptions> & { pid?: number } = {}) {
  const orders: SupervisorOrder["kind"][] = [];
  const lines: [object, string][] = [];
  let kills = 0;
  const logger = { error: (fields: object, text: string) => void lines.push([fields, text]) };
  const watch = new StuckWatch({
    limitMs: 60_000,
    judgedFrom: "readiness",
    logger: logger as unknown as StuckWatchOptions["logger"],
    ...options,
  });
  const process = {
    name: "server",
    pid: options.pid,
    send: ({ kind }: SupervisorOrder) => void orders.push(kind),
    kill: () => {
      kills += 1;
      return true;
    },
  };
  const ready = () => watch.heard({ kind: "ready", readiness: { dataDirectory: "/d", pid: 1 } });
  return { watch, process, orders, lines, ready, kills: () => kills };
}

/** As time passes for a process that runs: timers come when they are due. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("a process that does not answer any more is killed, with what was seen of it, and its successor is judged anew [B5]", async () => {
  const { watch, process, orders, lines, ready, kills } = watched();
  watch.started(process);
  ready();
  for (let minute = 0; minute < 5; minute += 1) {
    await pass(30_000);
    watch.heard({ kind: "here" });
  }
  expect(kills()).toBe(0);
  expect(orders.length).toBeGreaterThan(20);
  await pass(80_000);
  expect(kills()).toBe(1);
  expect(lines[0]?.[1]).toBe("the server has not answered for 60 s: it is killed");
  watch.started(process);
  await pass(600_000);
  // It is not ready yet, which may take as long as it takes.
  expect(kills()).toBe(1);
  ready();
  await pass(80_000);
  expect(kills()).toBe(2);
  watch[Symbol.dispose]();
});

test("one that is judged from its first answer on need not be ready for it", async () => {
  const { watch, process, kills } = watched({ judgedFrom: "first answer", limitMs: 30_000 });
  watch.started(process);
  await pass(100_000);
  expect(kills()).toBe(0);
  watch.heard({ kind: "here" });
  await pass(60_000);
  expect(kills()).toBe(1);
  watch[Symbol.dispose]();
});

test("time in which the watcher itself did not run is nobody's silence [B5]", async () => {
  const { watch, process, ready, kills } = watched();
  watch.started(process);
  ready();
  for (let pause = 0; pause < 5; pause += 1) {
    await pass(45_000);
    // The clock goes on, and no timer comes: this process stands still.
    vi.setSystemTime(Date.now() + 300_000);
    const real = performance.now.bind(performance);
    const offset = (pause + 1) * 300_000;
    vi.spyOn(performance, "now").mockImplementation(() => real() + offset);
    await pass(10_000);
    vi.mocked(performance.now).mockRestore();
  }
  expect(kills()).toBe(0);
  watch[Symbol.dispose]();
});

test("what the kernel says of a process that was stopped is told", async () => {
  vi.useRealTimers();
  const sleeper = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(sleeper, "spawn");
  sleeper.kill("SIGSTOP");
  const state = () => readFileSync(`/proc/${sleeper.pid}/stat`, "utf8").split(" ")[2];
  await expect.poll(state).toBe("T");
  vi.useFakeTimers();
  const { watch, process, lines, ready } = watched({ pid: sleeper.pid ?? 0 });
  watch.started(process);
  ready();
  await pass(80_000);
  expect(lines[0]?.[0]).toMatchObject({ state: "T", processorSeconds: expect.any(Number) });
  watch[Symbol.dispose]();
  sleeper.kill("SIGKILL");
});
