import { AppError, type StatusName } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";
import type { ModalClient, TaskLogsBatch } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const pollSeconds = 55;
const transient: readonly StatusName[] = ["UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL"];

export interface LogRequest {
  appId: string;
  taskId?: string;
  /** Keep reading until the app, or the one container asked for, is done; otherwise end after what is there. */
  follow: boolean;
}

/** Batches of an app's log, resumed where it broke off. Ends when the app is done. */
export async function* readAppLog(
  modal: Pick<ServiceClient<typeof ModalClient>, "appGetLogs">,
  request: LogRequest,
  options: { signal: AbortSignal },
): AsyncGenerator<TaskLogsBatch> {
  const { signal } = options;
  const delays = backoff({ firstMs: 100, maxMs: 5_000 });
  let lastEntryId = "";
  for (;;) {
    try {
      const batches = modal.appGetLogs(
        {
          appId: request.appId,
          taskId: request.taskId ?? "",
          timeout: request.follow ? pollSeconds : 0,
          lastEntryId,
        },
        { signal },
      );
      for await (const batch of batches) {
        delays.reset();
        if (batch.entryId !== "") lastEntryId = batch.entryId;
        yield batch;
        if (batch.appDone) return;
      }
      if (!request.follow) return;
    } catch (error) {
      if (!request.follow || !AppError.is(error) || !transient.includes(error.status)) throw error;
      await sleep(delays.next(), { signal });
    }
  }
}
