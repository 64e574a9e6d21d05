import { onAbort } from "@dorian/base/on-abort";
import type { Logger } from "pino";
import type { CommandContext } from "../context.ts";
import type { Input } from "../input.ts";
import type { Output } from "../output/output.ts";
import { endProcess } from "../../process/end-process.ts";
import { type Readiness, writeReadiness } from "../../process/ready.ts";
import type { RunningService } from "../../process/running-service.ts";

/** Milliseconds for everything that ends in order, beyond what running work has: hooks of containers have 30 s, their last commits the rest. */
const inOrderMs = 5 * 60_000;

/** Milliseconds for what stops at once, longer than the supervisor gives its processes. */
const atOnceMs = 15_000;

/** Milliseconds for clearing up after everything was drained. */
const clearUpMs = 30_000;

/**
 * Says that the process is ready, waits for SIGINT or SIGTERM, drains, and at a second signal stops at once.
 * `services` are drained in order: what users see first, what it stands on after it. A supervised process hears from its
 * supervisor instead, which speaks for it, too. A process that does not come to its end is ended.
 */
export async function serveUntilStopped(options: {
  services: Pick<RunningService, "drain">[];
  readiness: Readiness;
  readyLine: string;
  /** What is said when it stops, and how many milliseconds running work has to end. */
  stopping: { words: string; workMs: number };
  input: Pick<Input, "flag" | "wholeNumber">;
  context: Pick<CommandContext, "interruption" | "signal" | "supervisor"> & { output: Pick<Output, "print"> };
  logger: Logger;
  /** Ends this process, whatever it waits for. */
  end?: (code: number) => unknown;
}): Promise<void> {
  const { services, readiness, readyLine, stopping, input, context, logger, end = endProcess } = options;
  const { interruption, output, signal, supervisor } = context;
  if (supervisor) supervisor.ready(readiness);
  else {
    if (input.flag("json")) logger.info(readiness, "ready");
    else output.print(readyLine);
    const descriptor = input.wholeNumber("ready-fd", 1);
    if (descriptor !== undefined) writeReadiness(descriptor, readiness);
  }

  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    onAbort(signal, () => resolve());
  });
  const force = new AbortController();
  interruption.onSecond(() => {
    if (!supervisor) logger.warn("stopping at once");
    force.abort();
  });
  if (!supervisor) logger.info(`stopping: ${stopping.words}`);
  const atOnce = supervisor ? AbortSignal.any([force.signal, supervisor.atOnce]) : force.signal;
  const endAfter = (ms: number) => {
    const giveUp = () => {
      logger.error(`this process has not ended after ${ms / 1000} s: it is ended`);
      end(1);
    };
    setTimeout(giveUp, ms).unref();
  };
  onAbort(atOnce, () => endAfter(atOnceMs));
  if (atOnce.aborted) endAfter(atOnceMs);
  const limitMs = stopping.workMs + inOrderMs;
  const tooLong = setTimeout(() => {
    logger.error(`not everything has ended after ${limitMs / 1000} s: the rest is stopped at once`);
    force.abort();
  }, limitMs);
  tooLong.unref();
  for (const service of services) await service.drain({ signal: atOnce });
  clearTimeout(tooLong);
  endAfter(clearUpMs);
}
