import type { Logger } from "pino";
import type { CommandContext } from "../cli/context.ts";
import type { Input } from "../cli/input.ts";
import { type Readiness, writeReadiness } from "./ready.ts";
import type { RunningService } from "./running-service.ts";

/**
 * Says that the process is ready, waits for SIGINT or SIGTERM, drains, and at a second signal stops at once.
 * `services` are drained in order: what users see first, what it stands on after it. A supervised process hears from its
 * supervisor instead, which speaks for it, too.
 */
export async function serveUntilStopped(options: {
  services: Pick<RunningService, "drain">[];
  readiness: Readiness;
  readyLine: string;
  input: Input;
  context: Pick<CommandContext, "interruption" | "output" | "signal" | "supervisor">;
  logger: Logger;
}): Promise<void> {
  const { services, readiness, readyLine, input, context, logger } = options;
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
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const force = new AbortController();
  interruption.onSecond(() => {
    if (!supervisor) logger.warn("stopping at once: containers are killed");
    force.abort();
  });
  if (!supervisor)
    logger.info("stopping: containers get 30 s for their exit hooks; a second Ctrl-C kills them");
  const atOnce = supervisor ? AbortSignal.any([force.signal, supervisor.atOnce]) : force.signal;
  for (const service of services) await service.drain({ signal: atOnce });
}
