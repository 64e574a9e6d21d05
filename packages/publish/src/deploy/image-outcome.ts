import { AppError } from "@dorian/base/app-error";
import { Patience } from "@dorian/base/patience";
import { isServerGone } from "@dorian/protocol/error/status-error";
import { GenericResult_GenericStatus as Status, type GenericResult } from "@dorian/protocol/modal";
import type { DeploySession } from "./deploy-session.ts";

/** How long to wait for a server that restarts. */
const restartMs = 60_000;

/** How a build ended. One that a restart of the server interrupted has to be asked for again. */
export async function imageOutcome(
  imageId: string,
  { modal, onProgress, signal }: Pick<DeploySession, "modal" | "onProgress" | "signal">,
): Promise<GenericResult | "interrupted"> {
  let lastEntryId = "";
  const patience = new Patience({ limitMs: restartMs, firstMs: 100, maxMs: 2_000 });
  let wasAway = false;
  for (;;) {
    try {
      const request = { imageId, timeout: 55, lastEntryId };
      for await (const update of modal.imageJoinStreaming(request, { signal })) {
        patience.succeeded();
        if (update.entryId !== "") lastEntryId = update.entryId;
        if (update.taskLogs.length > 0) onProgress({ kind: "image-log", imageId, items: update.taskLogs });
        const status = update.result?.status ?? Status.UNSPECIFIED;
        if (wasAway && status === Status.TERMINATED) return "interrupted";
        if (update.result && status !== Status.UNSPECIFIED) return update.result;
      }
      patience.succeeded();
    } catch (error) {
      // A server that restarts answers for the build when it is back.
      if (!isServerGone(error) || !(await patience.again({ signal }))) throw error;
      wasAway = true;
    }
  }
}

/**
 * Refuses what a build that failed came to.
 *
 * @throws AppError IMAGE_BUILD_FAILED, IMAGE_BUILD_TIMEOUT, IMAGE_BUILD_TERMINATED
 */
export function checkOutcome(imageId: string, description: string, result: GenericResult): void {
  if (result.status === Status.SUCCESS) return;
  const what = `Image build for ${imageId} failed in step "${description}"`;
  const why = result.exception || "no reason given";
  if (result.status === Status.TERMINATED) {
    throw new AppError("IMAGE_BUILD_TERMINATED", `${what}: it was cancelled. ${why}`, {
      status: "CANCELLED",
      remedy: "Run the command again to build it.",
    });
  }
  if (result.status === Status.TIMEOUT) {
    throw new AppError("IMAGE_BUILD_TIMEOUT", `${what}: it took too long. ${why}`, {
      status: "DEADLINE_EXCEEDED",
      remedy: "Give the step a longer timeout.",
    });
  }
  // A trace begins or ends with what it is the trace of.
  const trace = result.traceback.includes(why) ? result.traceback : `${why}\n${result.traceback}`;
  throw new AppError("IMAGE_BUILD_FAILED", `${what}: ${trace.trimEnd()}`, {
    status: "ABORTED",
    remedy: "The build log above shows the cause. Nothing of the failed step is kept.",
  });
}
