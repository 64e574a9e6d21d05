import {
  AppCountLogsResponse_LogBucketSchema,
  FileDescriptor,
  type AppCountLogsRequest,
  type AppFetchLogsRequest,
  type ModalClient,
  type TaskLogsBatch,
} from "@dorian/protocol/modal";
import { create } from "@bufbuild/protobuf";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppDirectory } from "../ports.ts";
import type { AppLogs } from "./app-logs.ts";
import { appNotFound } from "../../access/app-not-found.ts";
import { filterItems, filterOf, type LogFilter } from "./log-filter.ts";
import { bucketStart, millisecondsOf } from "./log-time.ts";
import { WholeLines } from "./whole-lines.ts";

const defaultLimit = 1_000;
const mostItems = 10_000;

/** What was logged in a stretch of time: the last lines of it, and how many there are. */
export function storedLogHandlers(options: {
  logs: AppLogs;
  apps: AppDirectory;
}): Required<Pick<ServiceHandlers<typeof ModalClient>, "appFetchLogs" | "appCountLogs">> {
  const { logs, apps } = options;

  /** Batches of whole lines, latest first. The time is when a batch came. */
  async function* newestFirst(
    request: AppFetchLogsRequest | AppCountLogsRequest,
    filter: LogFilter,
  ): AsyncGenerator<TaskLogsBatch & { at: number }> {
    if (!apps.lookupApp(request.appId)) throw appNotFound(request.appId);
    const range = {
      since: request.since && millisecondsOf(request.since),
      until: request.until && millisecondsOf(request.until),
    };
    const whole = new WholeLines();
    for (let cursor = Infinity; ;) {
      const page = await logs.readBack(request.appId, { ...range, cursor });
      for (const { entry, at, batch } of page) {
        cursor = entry;
        const items = filterItems({ ...batch, items: whole.of(batch) }, filter);
        if (items.length > 0) yield { ...batch, items, at };
      }
      if (page.length === 0) return;
    }
  }

  return {
    async appFetchLogs(request, context) {
      const limit = Math.min(request.limit || defaultLimit, mostItems);
      const batches: TaskLogsBatch[] = [];
      let count = 0;
      for await (const { at: _at, ...batch } of newestFirst(request, filterOf(request, apps, context))) {
        const items = batch.items.slice(-(limit - count));
        batches.push({ ...batch, items });
        count += items.length;
        if (count >= limit) break;
      }
      return { batches: batches.toReversed() };
    },

    async appCountLogs(request, context) {
      const bucketSecs = request.bucketSecs || 60;
      const buckets = new Map<number, ReturnType<typeof emptyBucket>>();
      for await (const { at, items } of newestFirst(request, filterOf(request, apps, context))) {
        const start = bucketStart(at, bucketSecs);
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

function emptyBucket(start: number) {
  return create(AppCountLogsResponse_LogBucketSchema, { bucketStartAt: { seconds: BigInt(start) } });
}
