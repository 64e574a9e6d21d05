import type { Logger } from "pino";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { collectGarbage, urgentAges, usualAges, type GarbageAges } from "./collect-garbage.ts";
import type { GarbageOptions } from "./garbage-options.ts";

const everyMs = 3_600_000;
/** On a disk that is short, whoever deletes something sees the room that it gives within so long. */
const whenShortMs = 10_000;
/** Looking through a large store takes its time: at most this part of it. */
const urgentPart = 0.1;

/** Collects garbage every hour, and more of it and often while the disk is short. Disposing waits for a pass that runs. */
export function startCollecting(
  options: GarbageOptions & { logger: Logger; now: () => number; room: RoomWatch },
): AsyncDisposable {
  const { logger, now, room } = options;
  let running: Promise<void> | undefined;
  let restUntil = 0;
  const pass = async (ages: GarbageAges) => {
    const startedAt = performance.now();
    try {
      const removed = await collectGarbage(options, ages, now());
      if (removed.length > 0) logger.info({ layers: removed.length }, "removed layers that nothing used");
    } catch (error) {
      logger.error({ err: error }, "collecting garbage failed");
    } finally {
      running = undefined;
      restUntil = performance.now() + (performance.now() - startedAt) / urgentPart;
    }
  };
  const usual = setInterval(() => {
    running ??= pass(usualAges);
  }, everyMs).unref();
  const urgent = setInterval(() => {
    if (performance.now() >= restUntil && room.isShort) running ??= pass(urgentAges);
  }, whenShortMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(usual);
      clearInterval(urgent);
      await running;
    },
  };
}
