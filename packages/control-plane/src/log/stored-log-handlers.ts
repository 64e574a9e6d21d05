import {
  AppCountLogsResponse_LogBucketSchema,
  FileDescriptor,
  type AppCountLogsRequest,
  type AppFetchLogsRequest,
  type ModalClient,
  type TaskLogs,
  type TaskLogsBatch,
} from "@dorian/protocol/modal";
import { create } from "@bufbuild/protobuf";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppDirectory } from "../ports.ts";
import type { AppLogs } from "./app-logs.ts";
import { appNotFound } from "./app-not-found.ts";
import { filterItems, filterOf, type LogFilter } from "./log-filter.ts";
import { bucketStart, entryAt } from "./log-time.ts";

const defaultLimit = 1_000;
const mostItems = 10_000;
const pageSize = 500;

/** What was logged in a stretch of time: the last lines of it, and how many there are. */
export function storedLogHandlers(options: {
  logs: AppLogs;
  apps: AppDirectory;
  nowMs: () => number;
}): Required<Pick<ServiceHandlers<typeof ModalClient>, "appFetchLogs" | "appCountLogs">> {
  const { logs, apps, nowMs } = options;

  async function* newestFirst(
    request: AppFetchLogsRequest | AppCountLogsRequest,
    filter: LogFilter,
  ): AsyncGenerator<TaskLogsBatch & { entry: number }> {
    if (!apps.lookupApp(request.appId)) throw appNotFound(request.appId);
    const since = request.since ? entryAt(request.since) : 0;
    let until = request.until ? entryAt(request.until) : nowMs() * 1000 + 1_000_000;
    for (;;) {
      const page = await logs.readBack(request.appId, { since, until, limit: pageSize });
      for (const { entry, batch } of page) {
        const items = filterItems({ ...batch, items: linesOf(batch.items) }, filter);
        if (items.length > 0) yield { ...batch, items, entry };
        until = entry;
      }
      if (page.length < pageSize) return;
    }
  }

  return {
    async appFetchLogs(request) {
      const limit = Math.min(request.limit || defaultLimit, mostItems);
      const batches: TaskLogsBatch[] = [];
      let count = 0;
      for await (const { entry: _entry, ...batch } of newestFirst(request, filterOf(request, apps))) {
        const items = batch.items.slice(-(limit - count));
        batches.push({ ...batch, items });
        count += items.length;
        if (count >= limit) break;
      }
      return { batches: batches.toReversed() };
    },

    async appCountLogs(request) {
      const bucketSecs = request.bucketSecs || 60;
      const buckets = new Map<number, ReturnType<typeof emptyBucket>>();
      for await (const { entry, items } of newestFirst(request, filterOf(request, apps))) {
        const start = bucketStart(entry, bucketSecs);
        const bucket = buckets.get(start) ?? emptyBucket(start);
        buckets.set(start, bucket);
        for (const { fileDescriptor } of items) {
          if (fileDescriptor === FileDescriptor.STDOUT) bucket.stdoutLogs++;
          else if (fileDescriptor === FileDescriptor.STDERR) bucket.stderrLogs++;
          else bucket.systemLogs++;
        }
      }
      const sorted = [...buckets.entries()].toSorted(([a], [b]) => a - b).map(([, bucket]) => bucket);
      return { appId: request.appId, buckets: sorted };
    },
  };
}

/** Readers count lines; containers send as many at once as they have, or pieces of one. What tells of states is no line. */
function linesOf(items: readonly TaskLogs[]): TaskLogs[] {
  const lines: TaskLogs[] = [];
  for (const item of items) {
    for (const data of item.data.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const last = lines.at(-1);
      const goesOn =
        last &&
        !last.data.endsWith("\n") &&
        last.fileDescriptor === item.fileDescriptor &&
        last.inputId === item.inputId;
      if (goesOn) last.data += data;
      else lines.push({ ...item, data });
    }
  }
  return lines;
}

function emptyBucket(start: number) {
  return create(AppCountLogsResponse_LogBucketSchema, { bucketStartAt: { seconds: BigInt(start) } });
}
