import { Deadline } from "@dorian/base/deadline";
import { repeatedly } from "@dorian/base/repeatedly";
import { Stopwatch } from "@dorian/base/stopwatch";
import { Turns } from "@dorian/base/turns";
import type { Logger } from "pino";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { believedAges, collectGarbage, urgentAges, usualAges, type GarbageAges } from "./collect-garbage.ts";
import { SteadyClock } from "../dispatch/retention/steady-clock.ts";
import type { GarbageOptions } from "./garbage-options.ts";

const everyMs = 3_600_000;
/** On a disk that is short, whoever deletes something sees the room that it gives within so long. */
const whenShortMs = 10_000;
/** Looking through a large store takes its time: at most this part of it. */
const urgentPart = 0.1;

export interface GarbageLoop extends AsyncDisposable {
  /** Resolves when nothing is being removed; nothing is until what it gives is disposed of. */
  hold(): Promise<Disposable>;
  /** A pass now, once nobody holds what is there. Returns the layers removed. */
  collect(ages: GarbageAges): Promise<string[]>;
}

/**
 * Collects garbage every hour, and more of it and often while the disk is short; no sooner than the clock is believed. Disposing
 * waits for a pass that runs.
 */
export function startCollecting(
  options: GarbageOptions & { logger: Logger; nowMs: () => number; elapsedMs: () => number; room: RoomWatch },
): GarbageLoop {
  const { logger, nowMs, elapsedMs, room } = options;
  const turns = new Turns();
  const holders = new Set<Promise<void>>();
  const clock = new SteadyClock();
  const steadyMs = () => clock.steadyMs({ wallMs: nowMs(), monotonicMs: elapsedMs() });
  const released = new Set<string>();
  const collect = (ages: GarbageAges) =>
    turns.take(async () => {
      await Promise.all(holders);
      return await collectGarbage(options, { ages, now: nowMs(), released });
    });
  let rest = new Deadline(0, elapsedMs);
  let usual = new Deadline(everyMs, elapsedMs);
  steadyMs();
  const pass = async (ages: GarbageAges) => {
    const watch = new Stopwatch();
    try {
      const removed = await collect(ages);
      if (removed.length > 0) logger.info({ layers: removed.length }, "removed layers that nothing used");
    } finally {
      rest = new Deadline(watch.ms / urgentPart, elapsedMs);
    }
  };
  const look = async () => {
    const steady = steadyMs();
    const isUsual = usual.isOver;
    const isUrgent = rest.isOver && room.isShort;
    if (holders.size > 0 || !(isUsual || isUrgent)) return;
    if (isUsual) usual = new Deadline(everyMs, elapsedMs);
    await pass(believedAges(isUrgent ? urgentAges : usualAges, steady));
  };
  const onError = (error: unknown) => logger.error({ err: error }, "collecting garbage failed");
  const looking = repeatedly(look, { everyMs: whenShortMs, onError });
  return {
    async hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      holders.add(promise);
      await turns.settled();
      return {
        [Symbol.dispose]() {
          holders.delete(promise);
          resolve();
        },
      };
    },
    collect,
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  };
}
