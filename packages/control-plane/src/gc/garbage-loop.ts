import type { Logger } from "pino";
import { collectGarbage, usualAges } from "./collect-garbage.ts";
import type { GarbageOptions } from "./garbage-options.ts";

const everyMs = 3_600_000;

/** Collects garbage every hour. Disposing waits for a pass that runs. */
export function startCollecting(
  options: GarbageOptions & { logger: Logger; now: () => number },
): AsyncDisposable {
  const { logger, now } = options;
  let running: Promise<void> | undefined;
  const pass = async () => {
    try {
      const removed = await collectGarbage(options, usualAges, now());
      if (removed.length > 0) logger.info({ layers: removed.length }, "removed layers that nothing used");
    } catch (error) {
      logger.error({ err: error }, "collecting garbage failed");
    } finally {
      running = undefined;
    }
  };
  const timer = setInterval(() => {
    running ??= pass();
  }, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
