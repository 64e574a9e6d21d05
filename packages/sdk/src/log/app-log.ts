import { AppError, type StatusName } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";
import type { AppGetLogsRequest, ModalClient, TaskLogsBatch } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const pollSeconds = 55;
const transient: readonly StatusName[] = ["UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL"];

/** What of an app's log is asked for; the server leaves out the rest. */
export type LogFilter = Partial<
  Pick<
    AppGetLogsRequest,
    "taskId" | "functionId" | "functionCallId" | "searchText" | "fileDescriptor" | "since" | "until"
  >
>;

export interface LogRequest {
  appId: string;
  filter?: LogFilter;
  /** How many lines of what is there already are wanted, from its end. */
  tail?: number | undefined;
  /** Keep reading until the app, or the one container or call asked for, is done; otherwise end after what is there. */
  follow: boolean;
}

/** Batches of an app's log, resumed where it broke off. Ends when what was asked for is done. */
export async function* readAppLog(
  modal: Pick<ServiceClient<typeof ModalClient>, "appGetLogs" | "appFetchLogs">,
  request: LogRequest,
  options: { signal: AbortSignal },
): AsyncGenerator<TaskLogsBatch> {
  const { appId, filter = {}, tail, follow } = request;
  const { signal } = options;
  const delays = backoff({ firstMs: 100, maxMs: 5_000 });
  let lastEntryId = "";
  if (tail !== undefined) {
    const { fileDescriptor: source, ...rest } = filter;
    const fetch = { appId, limit: tail, ...rest, ...(source === undefined ? {} : { source }) };
    const { batches } = await modal.appFetchLogs(fetch, { signal });
    yield* batches;
    lastEntryId = batches.at(-1)?.entryId ?? "";
    if (!follow) return;
  }
  for (;;) {
    try {
      const timeout = follow ? pollSeconds : 0;
      const batches = modal.appGetLogs({ appId, ...filter, timeout, lastEntryId }, { signal });
      for await (const batch of batches) {
        delays.reset();
        if (batch.entryId !== "") lastEntryId = batch.entryId;
        yield batch;
        if (batch.appDone) return;
      }
      if (!follow) return;
    } catch (error) {
      if (!follow || !AppError.is(error) || !transient.includes(error.status)) throw error;
      await sleep(delays.next(), { signal });
    }
  }
}
