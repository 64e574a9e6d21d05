import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppDirectory } from "../ports.ts";
import type { AppLogs } from "./app-logs.ts";
import { appNotFound } from "./app-not-found.ts";
import { filterItems, filterOf } from "./log-filter.ts";

export interface LogHandlersOptions {
  logs: AppLogs;
  apps: AppDirectory;
  /**
   * True when nothing will be said any more: the container is gone or, when none is named, the app is stopped and its
   * last container is gone.
   */
  isOver: (appId: string, taskId: string) => boolean;
}

const longestStreamSecs = 60;

export function logHandlers(
  options: LogHandlersOptions,
): Pick<ServiceHandlers<typeof ModalClient>, "appGetLogs"> {
  const { logs, apps, isOver } = options;
  return {
    async *appGetLogs(request, context) {
      const { appId } = request;
      if (!apps.lookupApp(appId)) throw appNotFound(appId);
      const filter = filterOf(request, apps, context);
      const deadline = performance.now() + Math.min(request.timeout, longestStreamSecs) * 1000;
      let cursor = Number.parseInt(request.lastEntryId, 10) || 0;
      for (;;) {
        // Asked before reading: what is said up to its end is then among what is read.
        const over = isOver(appId, request.taskId) && !logs.isBehind(appId);
        const entries = await logs.read(appId, cursor);
        for (const { entry, batch } of entries) {
          cursor = entry;
          const items = filterItems(batch, filter);
          if (items.length > 0) yield { ...batch, items };
        }
        if (entries.length > 0) continue;
        if (over) {
          yield { taskId: request.taskId, eof: true, appDone: true };
          return;
        }
        const timeoutMs = deadline - performance.now();
        if (timeoutMs <= 0 || context.signal.aborted) return;
        await logs.waitFor(appId, cursor, { signal: context.signal, timeoutMs });
      }
    },
  };
}
