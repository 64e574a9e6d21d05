import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Notifier } from "./notifier.ts";
import { offAbort, onAbort } from "./on-abort.ts";
import { sleep } from "./sleep.ts";

test("everybody who waits for a signal is told, in order, and who called it off is not", () => {
  const controller = new AbortController();
  const told: number[] = [];
  const acts = [1, 2, 3].map((n) => () => void told.push(n));
  for (const act of acts) onAbort(controller.signal, act);
  offAbort(controller.signal, acts[1] ?? (() => undefined));
  controller.abort();
  expect(told).toEqual([1, 3]);
});

test("one who comes after all others have called it off is told as well", () => {
  const controller = new AbortController();
  const told: string[] = [];
  const off = () => void told.push("off");
  onAbort(controller.signal, off);
  offAbort(controller.signal, off);
  onAbort(controller.signal, () => void told.push("on"));
  controller.abort();
  expect(told).toEqual(["on"]);
});

test("a thousand waits for one signal are one listener, which Node does not take for a leak, and none when they are over [L19]", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const joined = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  const notifier = new Notifier();
  const waits = Array.from({ length: 1_000 }, () => [
    sleep(60_000, { signal }),
    sleep(60_000, { signal: joined }),
    notifier.wait({ signal }),
  ]).flat();
  const ends = Promise.allSettled(waits);
  const listeners = () => [signal, joined].map((each) => getEventListeners(each, "abort").length);
  expect(listeners()).toEqual([1, 1]);
  controller.abort(new Error("enough"));
  expect((await ends).filter(({ status }) => status === "rejected")).toHaveLength(3_000);
  expect(listeners()).toEqual([0, 0]);
});
