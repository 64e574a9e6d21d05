import {
  AppCountLogsResponse_LogBucketSchema,
  FileDescriptor,
  type AppCountLogsRequest,
  type AppFetchLogsRequest,
  type ModalClient,
  type TaskLogs,
  type TaskLogsBatch,
} from "@dorian/protocol/modal";
import { LongWork } from "@dorian/base/long-work";
import { create } from "@bufbuild/protobuf";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppDirectory } from "../ports.ts";
import type { AppLogs } from "./app-logs.ts";
import { appNotFound } from "../../access/app-not-found.ts";
import { filterItems, filterOf } from "./log-filter.ts";
import { bucketStart, rangeOf } from "./log-time.ts";
import { WholeLines } from "./whole-lines.ts";

const defaultLimit = 1_000;
const mostItems = 10_000;
/** Some milliseconds' worth. */
const bytesAtOnce = 256 * 1024;
/** What a line costs to look at however short it is, in what a byte of it costs. */
const bytesOfLine = 100;

/** What was logged in a stretch of time: the last lines of it, and how many there are. */
export function storedLogHandlers(options: {
  logs: AppLogs;
  apps: AppDirectory;
}): Required<Pick<ServiceHandlers<typeof ModalClient>, "appFetchLogs" | "appCountLogs">> {
  const { logs, apps } = options;

  /** Whole lines, latest first, each with its batch and when that came. */
  async function* newestFirst(
    request: AppFetchLogsRequest | AppCountLogsRequest,
  ): AsyncGenerator<{ line: TaskLogs; of: TaskLogsBatch; at: number }> {
    if (!apps.lookupApp(request.appId)) throw appNotFound(request.appId);
    const range = rangeOf(request);
    const whole = new WholeLines();
    const work = new LongWork(bytesAtOnce);
    for (let cursor = Infinity; ;) {
      const page = await logs.readBack(request.appId, { ...range, cursor });
      for (const { entry, at, batch } of page) {
        cursor = entry;
        for (const line of whole.backwards(batch)) {
          const turn = work.done(bytesOfLine + line.data.length);
          if (turn) await turn;
          yield { line, of: batch, at };
        }
      }
      if (page.length === 0) return;
    }
  }

  return {
    async appFetchLogs(request, context) {
      const limit = Math.min(request.limit || defaultLimit, mostItems);
      const batches: { of: TaskLogsBatch; lines: TaskLogs[] }[] = [];
      let count = 0;
      const filter = filterOf(request, apps, context);
      for await (const { line, of } of newestFirst(request)) {
        // Not before there is another: what came earlier may have been the beginning of the last one.
        if (count >= limit) break;
        const [wanted] = filterItems({ ...of, items: [line] }, filter);
        if (!wanted) continue;
        const batch = batches.at(-1);
        if (batch?.of === of) batch.lines.push(wanted);
        else batches.push({ of, lines: [wanted] });
        count += 1;
      }
      return {
        batches: batches.toReversed().map(({ of, lines }) => ({ ...of, items: lines.toReversed() })),
      };
    },

    async appCountLogs(request, context) {
      const bucketSecs = request.bucketSecs || 60;
      const buckets = new Map<number, ReturnType<typeof emptyBucket>>();
      const filter = filterOf(request, apps, context);
      for await (const { line, of, at } of newestFirst(request)) {
        if (filterItems({ ...of, items: [line] }, filter).length === 0) continue;
        const start = bucketStart(at, bucketSecs);
        const bucket = buckets.get(start) ?? emptyBucket(start);
        buckets.set(start, bucket);
        if (line.fileDescriptor === FileDescriptor.STDOUT) bucket.stdoutLogs++;
        else if (line.fileDescriptor === FileDescriptor.STDERR) bucket.stderrLogs++;
        else bucket.systemLogs++;
      }
      const sorted = [...buckets.entries()].toSorted(([a], [b]) => a - b).map(([, bucket]) => bucket);
      return { appId: request.appId, buckets: sorted };
    },
  };
}

function emptyBucket(start: number) {
  return create(AppCountLogsResponse_LogBucketSchema, { bucketStartAt: { seconds: BigInt(start) } });
}
