import { repeatedly } from "@dorian/base/repeatedly";
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

/**
 * Collects garbage every hour, and more of it and often while the disk is short; no sooner than the clock is believed. Disposing
 * waits for a pass that runs.
 */
export function startCollecting(
  options: GarbageOptions & { logger: Logger; nowMs: () => number; room: RoomWatch },
): AsyncDisposable {
  const { logger, nowMs, room } = options;
  const clock = new SteadyClock();
  const steadyMs = () => clock.steadyMs({ wallMs: nowMs(), monotonicMs: performance.now() });
  const released = new Set<string>();
  let restUntil = 0;
  let usualAt = performance.now() + everyMs;
  steadyMs();
  const pass = async (ages: GarbageAges) => {
    const startedAt = performance.now();
    try {
      const removed = await collectGarbage(options, { ages, now: nowMs(), released });
      if (removed.length > 0) logger.info({ layers: removed.length }, "removed layers that nothing used");
    } finally {
      restUntil = performance.now() + (performance.now() - startedAt) / urgentPart;
    }
  };
  const look = async () => {
    const steady = steadyMs();
    const isUsual = performance.now() >= usualAt;
    const isUrgent = performance.now() >= restUntil && room.isShort;
    if (!(isUsual || isUrgent)) return;
    if (isUsual) usualAt = performance.now() + everyMs;
    await pass(believedAges(isUrgent ? urgentAges : usualAges, steady));
  };
  const onError = (error: unknown) => logger.error({ err: error }, "collecting garbage failed");
  return repeatedly(look, { everyMs: whenShortMs, onError });
}
