import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SocketKeeper } from "./socket-keeper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Socket {
  isOpen = true;
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  close(): void {
    this.isOpen = false;
  }
}

function keeping() {
  const onGivenUp = vi.fn<() => void>();
  const keeper = new SocketKeeper(onGivenUp);
  const [calls, web] = [new Socket(20), new Socket(21)];
  keeper.heard({ kind: "listening", name: "calls" }, calls);
  keeper.heard({ kind: "listening", name: "web 7100" }, web);
  keeper.heard({ kind: "ready", readiness: { dataDirectory: "/d", pid: 1 } }, undefined);
  return { keeper, onGivenUp, calls, web };
}

test("the next process inherits what the one before it served, and not what it had let go", async () => {
  const { keeper, calls, web, onGivenUp } = keeping();
  keeper.heard({ kind: "not listening", name: "web 7100" }, undefined);
  expect([calls.isOpen, web.isOpen]).toEqual([true, false]);
  keeper.unserved();
  expect(keeper.descriptors).toEqual(new Map([["calls", 20]]));
  keeper.heard({ kind: "ready", readiness: { dataDirectory: "/d", pid: 2 } }, undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([calls.isOpen, onGivenUp.mock.calls.length]).toEqual([true, 0]);
});

test("nobody waits for long, however many processes end before they are ready", async () => {
  const { keeper, calls, web, onGivenUp } = keeping();
  for (let second = 0; second < 25; second += 1) {
    if (second % 5 === 0) keeper.unserved();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect([calls.isOpen, web.isOpen, onGivenUp.mock.calls.length]).toEqual([false, false, 1]);
  expect(keeper.descriptors).toEqual(new Map());
  // The one that is ready at last has sockets of its own.
  const own = new Socket(22);
  keeper.heard({ kind: "listening", name: "calls" }, own);
  expect(keeper.descriptors).toEqual(new Map([["calls", 22]]));
});

test("when there is to be no next process nothing is kept, not even what was on its way", () => {
  const { keeper, calls, web } = keeping();
  keeper[Symbol.dispose]();
  const late = new Socket(23);
  keeper.heard({ kind: "listening", name: "web 7101" }, late);
  expect([calls, web, late].map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
});
